using System.Management.Automation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Terminates machines and waits until EC2 says that they are.</summary>
[Cmdlet(VerbsCommon.Remove, "SpotTrainingInstance", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class RemoveSpotTrainingInstanceCommand : HostStepCmdlet
{
    private protected override string Action => "terminate, with its disk";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        return async stopping => Output.Object(await Terminator.TerminateAsync(SpotTrainingInstance.Require(host), Output, stopping));
    }
}
