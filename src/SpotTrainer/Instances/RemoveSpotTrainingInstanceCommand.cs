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
    private const int MostNamed = 10;

    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Alias("TrainingHost")]
    [HostReference]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    [SupportsWildcards]
    public override TrainingHost[] Instance { get; set; } = [];

    private readonly List<SpotTrainingInstance> previewed = [];
    private readonly ConcurrentQueue<(SpotTrainingInstance Instance, IReadOnlyList<string> Jobs)> withResults = new();
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
                    var jobs = await JobsAsync(instance, stopping);
                    Output.Warning($"{instance} has results that were not fetched. They would be lost. {HowToFetch(jobs)}");
                }
            });
        }

        base.EndProcessing();
        while (withResults.TryDequeue(out var waiting))
        {
            var (instance, jobs) = waiting;
            if (MayGo(instance, jobs))
            {
                StartThrottled(
                    instance, async stopping => await Output.ObjectAsync(await Terminator.TerminateAsync(instance, Context, stopping)));
            }
        }

        base.EndProcessing();
    }

    private bool MayGo(SpotTrainingInstance instance, IReadOnlyList<string> jobs)
    {
        try
        {
            return ShouldContinue(
                $"{instance} has results that were not fetched. They are lost if you terminate it. {HowToFetch(jobs)} Terminate it anyway?",
                "Results not fetched", hasSecurityImpact: true, ref yesToAll, ref noToAll);
        }
        catch (HostException)
        {
            // In the runspace of a job there is nobody to ask.
            Output.Warning(LostResults(instance, jobs));
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

    private static string LostResults(SpotTrainingInstance instance, IReadOnlyList<string> jobs) =>
        $"{instance} has results that were not fetched{(jobs.Count == 0 ? string.Empty : $" ({Named(jobs)})")}. They are lost.";

    private static string HowToFetch(IReadOnlyList<string> jobs) => jobs.Count == 0 ? "To fetch them, use Receive-TrainingResult."
        : $"To fetch them: Receive-TrainingResult {Named(jobs)}.";

    private static string Named(IReadOnlyList<string> jobs) => string.Join(
        ", ", jobs.Take(MostNamed).Select(id => id.All(letter => char.IsLetterOrDigit(letter) || letter is '-' or '_')
            ? id : PowerShellText.Quote(TerminalText.Line(id))))
        + (jobs.Count > MostNamed ? $", and {jobs.Count - MostNamed} more" : string.Empty);

    /// <summary>Asks the host which jobs have results; one that does not answer soon is not waited for, because it costs money.</summary>
    private Task<IReadOnlyList<string>> JobsAsync(SpotTrainingInstance instance, CancellationToken stopping) =>
        HostJobs.TryListAsync(instance, unfetchedOnly: true, ListTimeout, Context, stopping);

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var mayAsk = MayAsk();
        return async stopping =>
        {
            var instance = SpotTrainingInstance.Require(host);
            if (await Terminator.HasResultsAsync(instance, new InstanceBatch([instance], Context, stopping), stopping))
            {
                var jobs = await JobsAsync(instance, stopping);
                if (mayAsk)
                {
                    // Ask after the other terminations have started: a question must not keep those instances running.
                    withResults.Enqueue((instance, jobs));
                    return;
                }

                Output.Warning(LostResults(instance, jobs));
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
