using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Host;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Terminates machines and waits until EC2 says that they are.</summary>
[Cmdlet(VerbsCommon.Remove, "SpotTrainingInstance", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class RemoveSpotTrainingInstanceCommand : HostStepCmdlet
{
    private readonly ConcurrentQueue<SpotTrainingInstance> withResults = new();
    private bool yesToAll;
    private bool noToAll;

    private protected override string Action => "terminate, with its disk";

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        while (withResults.TryDequeue(out var instance))
        {
            if (MayGo(instance))
            {
                StartThrottled(instance, async stopping => await Output.ObjectAsync(await Terminator.TerminateAsync(instance, Context, stopping)));
            }
        }

        base.EndProcessing();
    }

    private bool MayGo(SpotTrainingInstance instance)
    {
        try
        {
            return ShouldContinue(
                $"{instance} has results that were not fetched (Receive-TrainingResult). They end with it. Terminate it all the same?", "Results not fetched", hasSecurityImpact: true,
                ref yesToAll, ref noToAll);
        }
        catch (HostException)
        {
            // A runspace of a job has nobody to ask.
            Output.Warning(LostResults(instance));
            return true;
        }
    }

    private static string LostResults(SpotTrainingInstance instance) => $"{instance} has results that were not fetched; they end with it.";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var mayAsk = MayAsk();
        return async stopping =>
        {
            var instance = SpotTrainingInstance.Require(host);
            if (await Terminator.HasResultsAsync(instance, stopping))
            {
                if (mayAsk)
                {
                    // Asked when the others are on their way out: a question must not keep them running.
                    withResults.Enqueue(instance);
                    return;
                }

                Output.Warning(LostResults(instance));
            }

            await Output.ObjectAsync(await Terminator.TerminateAsync(instance, Context, stopping));
        };
    }

    /// <summary>
    /// Results that were not fetched are worth a question of their own, though not where the user has said that there is to be none, nor
    /// where nobody is there to answer: a machine that goes on costs money.
    /// </summary>
    private bool MayAsk() => Platform.IsInteractive && !MyInvocation.BoundParameters.ContainsKey("Confirm")
        && GetVariableValue("ConfirmPreference") is not (ConfirmImpact.None or "None");
}
