using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Reads the deadline that an instance's watchdog holds, over SSH.</summary>
internal static class DeadlineCheck
{
    /// <summary>A busy instance may fail one read, and an instance that fails the check may be terminated.</summary>
    private static readonly Patience Patience = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

    /// <summary>Returns what the instance holds.</summary>
    /// <exception cref="SpotTrainerException"><c>DeadlineNotArmed</c>: no deadline is armed on the instance. <c>ClockWrong</c>: this
    /// computer's clock and the instance's differ.</exception>
    public static async Task<WatchdogStatus> ReadArmedAsync(
        SshConnection connection, SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        var status = await Patience.AskAsync(
            context.Time, () => LookAsync(connection, cancellationToken), found => found is not null, mayPass: null, cancellationToken);
        if (status is null)
        {
            throw NotArmed(instance);
        }

        // This computer's clock sets the deadline, and the instance's clock keeps it.
        var ahead = context.Now - status.Now;
        return AwsClock.IsTolerable(ahead) ? status : throw new SpotTrainerException(
            "ClockWrong", ErrorKind.InvalidOperation,
            $"This computer's clock is {AwsClock.Describe(ahead)} {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} the clock of {instance}. "
            + "The deadline would be off by as much.", AwsClock.NextStep, instance);
    }

    /// <summary>
    /// Checks that the instance holds the requested deadline. An instance that would not terminate itself must not be kept.
    /// </summary>
    public static async Task RequireAsync(
        SshConnection connection, SpotTrainingInstance instance, DateTimeOffset deadline, StepContext context,
        CancellationToken cancellationToken)
    {
        var status = await ReadArmedAsync(connection, instance, context, cancellationToken);
        if (status.Deadline != DateTimeOffset.FromUnixTimeSeconds(deadline.ToUnixTimeSeconds()))
        {
            throw new SpotTrainerException("DeadlineDiffers", ErrorKind.InvalidOperation,
                $"{instance} holds the deadline {DisplayText.Of(status.Deadline!.Value)} instead of {DisplayText.Of(deadline)}.",
                "If the instance is still running, set the deadline again with Set-SpotTrainingDeadline, or remove the instance.", instance);
        }
    }

    /// <summary>Returns what the instance holds; null if no deadline is armed, or if the read failed.</summary>
    private static async Task<WatchdogStatus?> LookAsync(SshConnection connection, CancellationToken cancellationToken)
    {
        var result = await connection.RunAsync(WatchdogStatus.Command, cancellationToken);
        return result.ExitCode == 0 && WatchdogStatus.Parse(result.Output) is { Armed: true, Deadline: not null } status ? status : null;
    }

    private static SpotTrainerException NotArmed(SpotTrainingInstance instance) => new("DeadlineNotArmed", ErrorKind.SecurityError,
        $"{instance} has no armed deadline, so it may never terminate itself.",
        "Remove it with Remove-SpotTrainingInstance if it still runs. Launch from an image that has cloud-init and systemd.", instance);
}
