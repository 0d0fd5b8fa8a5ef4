using System.Globalization;
using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>The status that an instance's watchdog reports (<c>spottrainer-watchdog status</c>).</summary>
/// <param name="Armed">Whether the timer and the file hold the same deadline.</param>
/// <param name="Deadline">The deadline; null if the instance has none.</param>
/// <param name="Now">The time on the instance's clock.</param>
internal sealed record WatchdogStatus(bool Armed, DateTimeOffset? Deadline, DateTimeOffset Now)
{
    /// <summary>The command that prints the status on the instance.</summary>
    public const string Command = "sudo " + Watchdog.Path + " status";

    /// <summary>Parses the command's output; returns null if it is not the watchdog's.</summary>
    public static WatchdogStatus? Parse(string output)
    {
        var values = output.Split('\n').Select(line => line.Trim().Split(['='], 2)).Where(parts => parts.Length == 2)
            .GroupBy(parts => parts[0], StringComparer.Ordinal).ToDictionary(
                group => group.Key, group => group.Last()[1], StringComparer.Ordinal);
        return Time("now") is { } now
            ? new WatchdogStatus(values.TryGetValue("armed", out var armed) && armed == "yes", Time("deadline"), now)
            : null;

        DateTimeOffset? Time(string name) =>
            values.TryGetValue(name, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                ? Plausible.Moment(seconds)
                : null;
    }
}
