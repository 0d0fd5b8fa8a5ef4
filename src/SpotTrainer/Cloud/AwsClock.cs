using System.Globalization;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>
/// AWS's clock, as the Date header of its answers tells it (RFC 9110, 6.6.1: whole seconds). A launch computes the deadline with this
/// computer's clock, and the instance keeps it with AWS's.
/// </summary>
/// <param name="time">This computer's clock.</param>
internal sealed class AwsClock(TimeProvider time)
{
    /// <summary>What to do about a wrong clock.</summary>
    public const string NextStep = "Set the clock (on Windows: w32tm /resync; on Linux: sudo timedatectl set-ntp true; "
        + "on macOS: sudo sntp -sS time.apple.com) and try again.";

    /// <summary>The two clocks may differ by this much.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);

    private volatile Reading? latest;

    /// <summary>Takes the time from an answer that just arrived. An answer without a valid time is ignored.</summary>
    /// <param name="date">The Date header; null if there is none.</param>
    public void Read(string? date)
    {
        if (DateTimeOffset.TryParseExact(
            date, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment))
        {
            latest = new Reading(moment, time.StartClock());
        }
    }

    /// <summary>Checks that this computer's clock agrees with AWS's, by the latest answer, or by a new one if need be.</summary>
    /// <param name="ask">Makes a call to AWS.</param>
    /// <exception cref="SpotTrainerException"><c>ClockWrong</c>: the clocks differ by more than <see cref="Tolerance"/>.</exception>
    public async Task RequireAsync(Func<Task> ask)
    {
        if (Ahead is { } known && IsTolerable(known))
        {
            return;
        }

        // The time since an answer may be wrong if this computer has slept.
        await ask();
        if (Ahead is { } ahead && !IsTolerable(ahead))
        {
            throw new SpotTrainerException("ClockWrong", ErrorKind.InvalidOperation,
                $"This computer's clock is {Describe(ahead)} {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} AWS's. "
                + "The deadline would be off by as much.", NextStep);
        }
    }

    /// <summary>Whether clocks that differ by this much agree well enough.</summary>
    public static bool IsTolerable(TimeSpan ahead) => ahead.Duration() <= Tolerance;

    /// <summary>Describes a difference, such as <c>20 minutes</c>.</summary>
    public static string Describe(TimeSpan difference)
    {
        var (count, unit) = difference.Duration() switch
        {
            { TotalMinutes: < 2 } time => (time.TotalSeconds, "seconds"),
            { TotalHours: < 2 } time => (time.TotalMinutes, "minutes"),
            { TotalDays: < 2 } time => (time.TotalHours, "hours"),
            var time => (time.TotalDays, "days"),
        };
        return string.Format(CultureInfo.InvariantCulture, "{0:0} {1}", count, unit);
    }

    /// <summary>How far this computer's clock is ahead of AWS's; null if no answer has arrived yet.</summary>
    private TimeSpan? Ahead => latest is { } reading ? time.GetUtcNow() - (reading.Moment + reading.Age()) : null;

    /// <summary>A time that AWS told, and how long ago that was.</summary>
    private sealed record Reading(DateTimeOffset Moment, Func<TimeSpan> Age);
}
