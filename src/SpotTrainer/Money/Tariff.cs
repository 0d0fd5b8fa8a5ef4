namespace SpotTrainer.Money;

/// <summary>
/// What an instance costs: by the hour, the most by the hour, for a span of time, and until when a budget pays. Traffic is not included.
/// </summary>
/// <param name="Price">The price of the machine now, or at its launch, in US dollars per hour.</param>
/// <param name="HighestPrice">The highest price that can be charged for it, in US dollars per hour; null if nothing limits it.</param>
/// <param name="DiskPrice">A GiB of gp3 disk for a month, in US dollars; null if it is not known: then the most expensive region counts.</param>
/// <param name="VolumeSizeGiB">The disk, in GiB.</param>
internal sealed record Tariff(decimal Price, decimal? HighestPrice, decimal? DiskPrice, int VolumeSizeGiB)
{
    /// <summary>A public IPv4 address, in US dollars per hour (AWS, since February 2024; the same in every region).</summary>
    public const decimal Ipv4PerHour = 0.005m;

    /// <summary>A GiB of gp3 disk for a month in the most expensive region (sa-east-1), in US dollars.</summary>
    public const decimal HighestDiskPrice = 0.152m;

    /// <summary>What passes between the launch as EC2 bills it and the end as the machine sees it.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    /// <summary>Nothing is planned for longer than a year.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    /// <summary>AWS bills a disk by the second of a month, which has 30 days in its own example.</summary>
    private const decimal HoursPerMonth = 720m;

    /// <summary>The shortest month, in which an hour of disk costs most.</summary>
    private const decimal HoursOfFebruary = 672m;

    /// <summary>The shortest time that is billed.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(60);

    /// <summary>AWS charges nothing for a machine that it takes back within this time of its start. Disk and address are charged.</summary>
    private static readonly TimeSpan FreeWhenInterrupted = TimeSpan.FromHours(1);

    /// <summary>The disk, in US dollars per hour.</summary>
    public decimal DiskPerHour => (DiskPrice ?? HighestDiskPrice) * VolumeSizeGiB / HoursPerMonth;

    /// <summary>Machine, disk and address, in US dollars per hour.</summary>
    public decimal PerHour => Price + Ipv4PerHour + DiskPerHour;

    /// <summary>The most that an hour can cost in all, in US dollars; null if nothing limits the price.</summary>
    public decimal? MostPerHour => HighestPrice is { } highest ? MostPerHourAt(highest) : null;

    /// <summary>The part of a time that is billed: full seconds, at least 60.</summary>
    public static TimeSpan Billed(TimeSpan time) => time < Shortest ? Shortest : TimeSpan.FromSeconds(Math.Ceiling(time.TotalSeconds));

    /// <summary>Estimates what a span of time costs.</summary>
    /// <param name="time">How long.</param>
    /// <param name="meanPrice">The mean of the prices that were charged, in US dollars per hour; null for the tariff's own.</param>
    /// <param name="interrupted">Whether AWS took the machine back at the end of the time.</param>
    public Cost CostOf(TimeSpan time, decimal? meanPrice = null, bool interrupted = false)
    {
        var hours = (decimal)Billed(time).TotalHours;
        var isFree = interrupted && time < FreeWhenInterrupted;
        return new Cost(isFree ? 0 : Round(hours * (meanPrice ?? Price)), Round(hours * DiskPerHour), Round(hours * Ipv4PerHour));
    }

    /// <summary>The most that a span of time can cost, in US dollars; null if nothing limits the price.</summary>
    public decimal? MostOf(TimeSpan time) => (decimal)time.TotalHours * MostPerHour;

    /// <summary>The longest time from a launch to a deadline that a budget pays for, with the margin: it may be negative.</summary>
    /// <param name="budget">US dollars.</param>
    /// <param name="perHour">US dollars per hour.</param>
    public static TimeSpan TimeFor(decimal budget, decimal perHour) => Hours(budget / perHour) - Margin;

    /// <summary>
    /// The latest end of a running instance that a budget pays for: with what was not spent until now, at the highest price from now on.
    /// </summary>
    /// <param name="launched">When EC2 started it.</param>
    /// <param name="now">The time now, by the machine's clock.</param>
    /// <param name="budget">US dollars.</param>
    /// <param name="highestSoFar">The highest price that was charged until now, in US dollars per hour.</param>
    /// <exception cref="InvalidOperationException">Nothing limits the price.</exception>
    public DateTimeOffset LatestEnd(DateTimeOffset launched, DateTimeOffset now, decimal budget, decimal highestSoFar)
    {
        var most = MostPerHour ?? throw new InvalidOperationException("Nothing limits the price.");
        var latest = now + TimeFor(budget - Spent(launched, now, highestSoFar), most);

        // The machine counts in whole seconds.
        return DateTimeOffset.FromUnixTimeSeconds(latest.ToUnixTimeSeconds());
    }

    /// <summary>The most that a running instance can have cost at its end, in US dollars; null if nothing limits the price.</summary>
    /// <inheritdoc cref="LatestEnd"/>
    /// <param name="end">The end.</param>
#pragma warning disable CS1573
    public decimal? MostUntil(DateTimeOffset launched, DateTimeOffset now, DateTimeOffset end, decimal highestSoFar) =>
#pragma warning restore CS1573
        Spent(launched, now, highestSoFar) + (AtLeastZero(end - now + Margin) * MostPerHour);

    /// <summary>Rounds to a millionth of a dollar.</summary>
    public static decimal Round(decimal usd) => Math.Round(usd, 6);

    private decimal MostPerHourAt(decimal price) => price + Ipv4PerHour + (DiskPerHour * HoursPerMonth / HoursOfFebruary);

    private decimal Spent(DateTimeOffset launched, DateTimeOffset now, decimal highestSoFar) => AtLeastZero(now - launched) * MostPerHourAt(highestSoFar);

    private static decimal AtLeastZero(TimeSpan time) => time > TimeSpan.Zero ? (decimal)time.TotalHours : 0;

    private static TimeSpan Hours(decimal hours)
    {
        var longest = (decimal)Longest.TotalHours;
        return TimeSpan.FromHours((double)Math.Max(Math.Min(hours, longest), -longest));
    }
}

/// <summary>What something cost, in US dollars.</summary>
/// <param name="Machine">The machine itself.</param>
/// <param name="Disk">Its disk.</param>
/// <param name="Address">Its public IPv4 address.</param>
internal sealed record Cost(decimal Machine, decimal Disk, decimal Address)
{
    /// <summary>All of it.</summary>
    public decimal Total => Machine + Disk + Address;
}
