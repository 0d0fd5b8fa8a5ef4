using System.Globalization;

namespace SpotTrainer.Files;

/// <summary>An entry of a folder on a host, as find(1) prints it.</summary>
/// <param name="Type">find's letter for what it is: <c>f</c>, <c>d</c>, <c>l</c>, or another.</param>
/// <param name="Mode">The permissions, such as 0644.</param>
/// <param name="Size">The size of a file in bytes.</param>
/// <param name="LastWriteTime">When it was last changed (UTC), to 100 nanoseconds.</param>
/// <param name="Target">Where a link leads to.</param>
internal sealed record HostEntry(char Type, int Mode, long Size, DateTime LastWriteTime, string Target)
{
    private const int Permissions = 0xFFF;

    // .NET counts in 100 nanoseconds.
    private const int Decimals = 7;

    /// <summary>The start of Unix's time.</summary>
    public static readonly DateTime Epoch = new(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    // The years 1 to 9999.
    private static readonly long First = (DateTime.MinValue - Epoch).Ticks / TimeSpan.TicksPerSecond;
    private static readonly long Last = (DateTime.MaxValue - Epoch).Ticks / TimeSpan.TicksPerSecond;

    /// <summary>Whether it is a folder.</summary>
    public bool IsFolder => Type == 'd';

    /// <summary>Reads "TYPE MODE SIZE TIME" (find's <c>%y %m %s %T@</c>).</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static HostEntry Parse(string text, string target)
    {
        var words = text.Split(' ');
        if (words.Length != 4 || words[0].Length != 1 || Time(words[3]) is not { } time)
        {
            throw new FormatException($"'{text}' does not describe an entry.");
        }

        try
        {
            return new HostEntry(
                words[0][0], Convert.ToInt32(words[1], 8) & Permissions,
                long.Parse(words[2], NumberStyles.None, CultureInfo.InvariantCulture), time, target);
        }
        catch (Exception exception) when (exception is ArgumentException or OverflowException or FormatException)
        {
            throw new FormatException($"'{text}' does not describe an entry.", exception);
        }
    }

    /// <summary>Returns the seconds since the epoch with seven decimals.</summary>
    public static string Seconds(DateTime time) => string.Format(
        CultureInfo.InvariantCulture, "{0:0.0000000}", (time - Epoch).Ticks / (decimal)TimeSpan.TicksPerSecond);

    /// <summary>Reads seconds since the epoch, of which find prints ten decimals. Null if this is no such number, or no time in .NET.</summary>
    public static DateTime? Time(string text)
    {
        var point = text.IndexOf('.');
        var whole = point < 0 ? text : text.Substring(0, point);
        var ticks = point < 0 ? "0" : text.Substring(point + 1).PadRight(Decimals, '0').Substring(0, Decimals);
        return long.TryParse(whole, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            && int.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var rest)
            && seconds >= First && seconds <= Last ? Epoch.AddTicks((seconds * TimeSpan.TicksPerSecond) + rest) : null;
    }
}
