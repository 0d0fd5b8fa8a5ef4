using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Host;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Terminates instances and waits until EC2 reports them as terminated.</summary>
[Cmdlet(VerbsCommon.Remove, "SpotTrainingInstance", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class RemoveSpotTrainingInstanceCommand : HostStepCmdlet
{
    /// <inheritdoc/>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Alias("TrainingHost")]
    [HostReference]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    [SupportsWildcards]
    public override TrainingHost[] Instance { get; set; } = [];

    private readonly List<SpotTrainingInstance> previewed = [];
    private readonly ConcurrentQueue<SpotTrainingInstance> withResults = new();
    private bool yesToAll;
    private bool noToAll;

    private protected override string Action => "terminate, with its disk";

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // EC2 is asked for all of them together.
        var batch = new InstanceBatch(previewed, Context, StopToken);
        foreach (var instance in previewed)
        {
            Start(instance, async stopping =>
            {
                if (await Terminator.HasResultsAsync(instance, batch, stopping))
                {
                    Output.Warning($"{instance} has results that were not fetched. They would be lost.");
                }
            });
        }

        base.EndProcessing();
        while (withResults.TryDequeue(out var instance))
        {
            if (MayGo(instance))
            {
                StartThrottled(
                    instance, async stopping => await Output.ObjectAsync(await Terminator.TerminateAsync(instance, Context, stopping)));
            }
        }

        base.EndProcessing();
    }

    private bool MayGo(SpotTrainingInstance instance)
    {
        try
        {
            return ShouldContinue(
                $"{instance} has results that were not fetched (Receive-TrainingResult). They are lost if you terminate it. "
                + "Terminate it anyway?",
                "Results not fetched", hasSecurityImpact: true, ref yesToAll, ref noToAll);
        }
        catch (HostException)
        {
            // In the runspace of a job there is nobody to ask.
            Output.Warning(LostResults(instance));
            return true;
        }
    }

    private protected override void Preview(TrainingHost host)
    {
        if (host is SpotTrainingInstance instance)
        {
            previewed.Add(instance);
        }
    }

    private static string LostResults(SpotTrainingInstance instance) => $"{instance} has results that were not fetched. They are lost.";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var mayAsk = MayAsk();
        return async stopping =>
        {
            var instance = SpotTrainingInstance.Require(host);
            if (await Terminator.HasResultsAsync(instance, new InstanceBatch([instance], Context, stopping), stopping))
            {
                if (mayAsk)
                {
                    // Ask after the other terminations have started: a question must not keep those instances running.
                    withResults.Enqueue(instance);
                    return;
                }

                Output.Warning(LostResults(instance));
            }

            await Output.ObjectAsync(await Terminator.TerminateAsync(instance, Context, stopping));
        };
    }

    /// <summary>
    /// Whether to ask about results that were not fetched. Not if the user has turned off confirmation, and not if nobody is there to
    /// answer: an instance that keeps running costs money.
    /// </summary>
    private bool MayAsk() => Platform.IsInteractive && !MyInvocation.BoundParameters.ContainsKey("Confirm")
        && GetVariableValue("ConfirmPreference") is not (ConfirmImpact.None or "None");
}
