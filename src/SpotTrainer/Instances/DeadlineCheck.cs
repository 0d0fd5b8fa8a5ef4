
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Reads back over SSH what the watchdog of a machine holds.</summary>
internal static class DeadlineCheck
{
    /// <summary>Deadlines are reckoned by this computer's clock, and held by the machine's: so far the two may differ.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    /// <summary>A machine that is busy may fail one look, and what follows from a failed look is grave.</summary>
    private static readonly Patience Patience = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

    /// <summary>Gives what the machine holds.</summary>
    /// <exception cref="SpotTrainerException"><c>DeadlineNotArmed</c>: nothing holds a deadline there. <c>ClockWrong</c>: this computer's
    /// clock is ahead.</exception>
    public static async Task<WatchdogStatus> ReadArmedAsync(SshConnection connection, SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        var status = await Patience.AskAsync(
            context.Time, () => LookAsync(connection, cancellationToken), found => found is not null, mayPass: null, cancellationToken);
        if (status is null)
        {
            throw NotArmed(instance);
        }

        return context.Now - status.Now <= ClockTolerance ? status : throw new SpotTrainerException("ClockWrong", ErrorKind.InvalidOperation,
            $"This computer's clock is ahead of that of {instance}, so that its deadline may come too late.", "Set the clock and try again.", instance);
    }

    /// <summary>The machine must hold the deadline that was asked for. One that would not end itself must not be kept.</summary>
    public static async Task RequireAsync(
        SshConnection connection, SpotTrainingInstance instance, DateTimeOffset deadline, StepContext context, CancellationToken cancellationToken)
    {
        var status = await ReadArmedAsync(connection, instance, context, cancellationToken);
        if (status.Deadline != DateTimeOffset.FromUnixTimeSeconds(deadline.ToUnixTimeSeconds()))
        {
            throw new SpotTrainerException("DeadlineDiffers", ErrorKind.InvalidOperation,
                $"{instance} holds the deadline {status.Deadline?.LocalDateTime:g}, and not {deadline.LocalDateTime:g}.",
                "Set it anew with Set-SpotTrainingDeadline, or remove the instance.", instance);
        }
    }

    /// <summary>What the machine holds; null where nothing holds a deadline, or the look failed.</summary>
    private static async Task<WatchdogStatus?> LookAsync(SshConnection connection, CancellationToken cancellationToken)
    {
        var result = await connection.RunAsync(WatchdogStatus.Command, cancellationToken);
        return result.ExitCode == 0 && WatchdogStatus.Parse(result.Output) is { Armed: true, Deadline: not null } status ? status : null;
    }

    private static SpotTrainerException NotArmed(SpotTrainingInstance instance) => new("DeadlineNotArmed", ErrorKind.SecurityError,
        $"{instance} holds no deadline: it may not end itself, and must not be kept.",
        "Launch from another -Image, one with cloud-init and systemd; where this one still runs, Remove-SpotTrainingInstance ends it.", instance);
}
