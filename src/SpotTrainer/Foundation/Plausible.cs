namespace SpotTrainer.Foundation;

/// <summary>
/// Bounds on numbers and times that come from AWS, from a machine, or from a file. A value beyond them is a mistake, and a computation with
/// it could overflow.
/// </summary>
internal static class Plausible
{
    /// <summary>The highest price, in US dollars per hour or per GiB and month. The most expensive instances cost a few hundred.</summary>
    public const decimal HighestPrice = 10_000;

    /// <summary>The highest budget or cost, in US dollars.</summary>
    public const decimal HighestAmount = 1_000_000_000;

    /// <summary>The longest idle timeout, in minutes: a year.</summary>
    public const decimal LongestIdleTimeout = 527_040;

    /// <summary>The largest disk, in GiB: EC2 has disks of up to 64 TiB.</summary>
    public const decimal LargestDisk = 65_536;

    /// <summary>EC2 started in August 2006.</summary>
    private static readonly DateTimeOffset Earliest = new(2006, 8, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Whether a time can be that of a launch, an end, a deadline, or a price.</summary>
    public static bool IsMoment(DateTimeOffset moment) => moment >= Earliest && moment <= Latest;

    /// <summary>Returns the time of a number of seconds since 1970; null if it is not plausible.</summary>
    public static DateTimeOffset? Moment(double unixSeconds) =>
        unixSeconds >= Earliest.ToUnixTimeSeconds() && unixSeconds <= Latest.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)(unixSeconds * 1000))
            : null;

    /// <summary>Whether a number is from 0 to a bound.</summary>
    public static bool IsUpTo(decimal number, decimal bound) => number >= 0 && number <= bound;
}
