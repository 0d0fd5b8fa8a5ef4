
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Reads back over SSH what the watchdog of a machine holds.</summary>
internal static class DeadlineCheck
{
    /// <summary>Deadlines are reckoned by this computer's clock, and held by the machine's: so far the two may differ.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    private const int Looks = 3;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    /// <summary>Gives what the machine holds.</summary>
    /// <exception cref="SpotTrainerException"><c>DeadlineNotArmed</c>: nothing holds a deadline there. <c>ClockWrong</c>: this computer's
    /// clock is ahead.</exception>
    public static async Task<WatchdogStatus> ReadArmedAsync(SshConnection connection, SpotTrainingInstance instance, CancellationToken cancellationToken)
    {
        // A machine that is busy may fail one look: what follows from it is grave.
        var status = await LookAsync(connection, cancellationToken);
        for (var look = 1; status is null && look < Looks; look++)
        {
            await Task.Delay(BetweenLooks, cancellationToken);
            status = await LookAsync(connection, cancellationToken);
        }

        if (status is null)
        {
            throw NotArmed(instance);
        }

        return DateTimeOffset.UtcNow - status.Now <= ClockTolerance ? status : throw new SpotTrainerException("ClockWrong", ErrorKind.InvalidOperation,
            $"This computer's clock is ahead of that of {instance}, so that its deadline may come too late.", "Set the clock and try again.", instance);
    }

    /// <summary>The machine must hold the deadline that was asked for. One that would not end itself must not be kept.</summary>
    public static async Task RequireAsync(
        SshConnection connection, SpotTrainingInstance instance, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        var status = await ReadArmedAsync(connection, instance, cancellationToken);
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
