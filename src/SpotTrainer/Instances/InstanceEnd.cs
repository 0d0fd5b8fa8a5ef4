using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>Says why an instance is gone. Users then know what to do, instead of looking for a fault in their network.</summary>
internal static class InstanceEnd
{
    private const string Lost = "Results that were not fetched are lost. Launch another instance.";

    /// <summary>An end this close to the deadline was the deadline: shutting down takes a moment.</summary>
    private static readonly TimeSpan Shutdown = TimeSpan.FromSeconds(90);

    /// <summary>Returns the reason as an error; null if the instance has not ended.</summary>
    /// <param name="instance">The instance, as EC2 reports it now.</param>
    public static SpotTrainerException? Why(SpotTrainingInstance instance)
    {
        if (instance.State is not ("shutting-down" or "terminated" or "stopping" or "stopped"))
        {
            return null;
        }

        var end = instance.EndTime ?? instance.Cloud.Time.GetUtcNow();
        var when = $"at {DisplayText.Of(end)}";
        return instance switch
        {
            { State: "stopping" or "stopped" } => InstanceWaiter.Stopped(instance),
            { Interrupted: true } => new("InstanceInterrupted", ErrorKind.ResourceUnavailable,
                $"AWS took {instance} back {when}.", $"{Lost} Another zone or type may be interrupted less often.", instance),
            { StateReasonCode: "Client.InstanceInitiatedShutdown" } or { EndIsGuess: true } when end >= instance.Deadline - Shutdown
                && instance.Deadline > DateTimeOffset.MinValue => new("DeadlineReached", ErrorKind.ResourceUnavailable,
                    $"{instance} terminated itself at its deadline, {DisplayText.Of(instance.Deadline)}.",
                    $"{Lost} Use a later deadline, or Set-SpotTrainingDeadline while it runs.", instance),
            { StateReasonCode: "Client.InstanceInitiatedShutdown" } => new("InstanceShutDown", ErrorKind.ResourceUnavailable,
                instance.IdleTimeout > TimeSpan.Zero
                    ? $"{instance} shut itself down {when}, because nobody used it "
                        + $"for {instance.IdleTimeout.TotalMinutes:0} minutes, or because a command there ended it."
                    : $"{instance} shut itself down {when}: at its deadline, because nobody used it, or because a command there ended it.",
                $"{Lost} Use a longer -IdleTimeout if it must wait for you.", instance),
            { StateReasonCode: "Client.UserInitiatedShutdown" } => new("InstanceRemoved", ErrorKind.ResourceUnavailable,
                $"{instance} was removed {when}.", Lost, instance),
            _ => new("InstanceEnded", ErrorKind.ResourceUnavailable,
                $"{instance} has ended{(instance.StateReason.Length > 0 ? $" ({instance.StateReason})" : string.Empty)}.", Lost, instance),
        };
    }
}
