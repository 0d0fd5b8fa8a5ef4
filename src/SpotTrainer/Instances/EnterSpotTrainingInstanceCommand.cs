using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Opens a terminal on an instance, with the system's ssh and without a question, and says when the instance ends itself.</summary>
[Cmdlet(VerbsCommon.Enter, "SpotTrainingInstance")]
public sealed class EnterSpotTrainingInstanceCommand : TerminalCmdlet
{
    private protected override async Task<TrainingHost> LookAsync(TrainingHost host, CancellationToken cancellationToken)
    {
        // The deadline of an object may have been moved since.
        var known = SpotTrainingInstance.Require(host);
        var now = await InstanceReader.GetAsync(known.Cloud, known.Region, known.InstanceId, cancellationToken);
        if (InstanceEnd.Why(now) is { } why)
        {
            throw why;
        }

        Output.Information($"{now} terminates itself at {DisplayText.Of(now.Deadline)}. Results that you have not fetched by then are lost.");
        return now;
    }
}
