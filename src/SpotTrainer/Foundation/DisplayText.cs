using System.Globalization;

namespace SpotTrainer.Foundation;

/// <summary>
/// The one form of times and numbers in messages, whatever the culture is: what users read there, they can type. Tables use the same form.
/// </summary>
internal static class DisplayText
{
    /// <summary>Returns a time as this computer's clock shows it, such as <c>2026-01-31 17:05</c>.</summary>
    public static string Of(DateTimeOffset moment) => moment.LocalDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>Returns a length of time in hours, rounded down: a guarantee must not be more than the truth.</summary>
    public static string Hours(TimeSpan time) =>
        (Math.Floor(time.TotalHours * 100) / 100).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Returns an amount in US dollars, rounded up to cents: a limit must not be less than the truth.</summary>
    public static string MostUsd(decimal usd) => (Math.Ceiling(usd * 100) / 100).ToString("0.00", CultureInfo.InvariantCulture);
}
