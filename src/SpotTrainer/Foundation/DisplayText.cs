using System.Globalization;

namespace SpotTrainer.Foundation;

/// <summary>
/// The one form of times and numbers in messages, whatever the culture is: what users read there, they can type. Tables use the same form.
/// </summary>
internal static class DisplayText
{
    private static readonly string[] Units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Returns a time as this computer's clock shows it, such as <c>2026-01-31 17:05</c>.</summary>
    public static string Of(DateTimeOffset moment) => moment.LocalDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>Returns a length of time in hours, rounded down: a guarantee must not be more than the truth.</summary>
    public static string Hours(TimeSpan time) =>
        (Math.Floor(time.TotalHours * 100) / 100).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Returns a size with one decimal, such as <c>112 bytes</c>, <c>5.3 KiB</c>, or <c>2.0 GiB</c>.</summary>
    public static string Size(double bytes)
    {
        if (bytes < 1000)
        {
            return Count((long)bytes, "byte");
        }

        var (value, unit) = (bytes / 1024, 0);
        for (; value >= 999.95 && unit < Units.Length - 1; unit++)
        {
            value /= 1024;
        }

        return value.ToString("#,0.0", CultureInfo.InvariantCulture) + " " + Units[unit];
    }

    /// <summary>Returns a number of things, such as <c>1 file</c> or <c>20,012 files</c>.</summary>
    public static string Count(long count, string thing, string? things = null) =>
        $"{Number(count)} {(count == 1 ? thing : things ?? thing + "s")}";

    /// <summary>Returns a short time, such as <c>80.3 ms</c>.</summary>
    public static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("#,0.0", CultureInfo.InvariantCulture) + " ms";

    /// <summary>Returns a number with its thousands apart, such as <c>20,012</c>.</summary>
    public static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>Returns an amount in US dollars, rounded up to cents: a limit must not be less than the truth.</summary>
    public static string MostUsd(decimal usd) => (Math.Ceiling(usd * 100) / 100).ToString("0.00", CultureInfo.InvariantCulture);
}
