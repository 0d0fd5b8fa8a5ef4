using System.Management.Automation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Waits until instances can be used, or until they have ended.</summary>
[Cmdlet(VerbsLifecycle.Wait, "SpotTrainingInstance")]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class WaitSpotTrainingInstanceCommand : HostStepCmdlet
{
    /// <summary>What is waited for.</summary>
    [Parameter]
    public InstanceGoal For { get; set; }

    /// <summary>How many seconds at most; left out: ten minutes for Ready, no limit for Terminated.</summary>
    [Parameter]
    [ValidateRange(1, 31622400)]
    public int? Timeout { get; set; }

    private protected override string? Action => null;

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var goal = For;
        var seconds = Timeout ?? (goal == InstanceGoal.Ready ? 600 : null);
        return async stopping => Output.Object(await InstanceWaitStep.RunAsync(
            SpotTrainingInstance.Require(host), goal, seconds is { } limit ? TimeSpan.FromSeconds(limit) : null, Output, stopping));
    }
}
