using System.Management.Automation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Waits until instances are ready to use or terminated.</summary>
[Cmdlet(VerbsLifecycle.Wait, "SpotTrainingInstance")]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class WaitSpotTrainingInstanceCommand : HostStepCmdlet
{
    /// <inheritdoc/>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Alias("TrainingHost")]
    [HostReference]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    [SupportsWildcards]
    public override TrainingHost[] Instance { get; set; } = [];

    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromMinutes(10);

    /// <summary>What to wait for: Ready or Terminated.</summary>
    [Parameter]
    public InstanceGoal For { get; set; }

    /// <summary>
    /// The time limit: a number of seconds, or a time such as 0:30 (hours:minutes), up to a year. The default is 10 minutes for Ready, and
    /// no limit for Terminated.
    /// </summary>
    [Parameter]
    [Duration(DurationUnit.Seconds, Shortest = 1, Longest = 31622400)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan? Timeout { get; set; }

    private protected override string? Action => null;

    private protected override bool IsLimited => false;

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var goal = For;
        var limit = Timeout ?? (goal == InstanceGoal.Ready ? ReadyTimeout : null);
        return async stopping => await Output.ObjectAsync(await InstanceWaitStep.RunAsync(
            SpotTrainingInstance.Require(host), goal, limit, Context, stopping));
    }
}
