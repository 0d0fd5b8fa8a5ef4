namespace SpotTrainer.Money;

/// <summary>
/// What an instance costs: per hour, at most per hour, and for a period, and how long a budget lasts. Traffic is not included.
/// </summary>
/// <param name="Price">The machine's price, now or at its launch, in US dollars per hour.</param>
/// <param name="HighestPrice">The highest price that can be charged for it, in US dollars per hour; null if nothing limits it.</param>
/// <param name="DiskPrice">
/// The price of a GiB of gp3 disk per month, in US dollars; null if it is not known: then the most expensive region's counts.
/// </param>
/// <param name="VolumeSizeGiB">The disk size, in GiB.</param>
internal sealed record Tariff(decimal Price, decimal? HighestPrice, decimal? DiskPrice, int VolumeSizeGiB)
{
    /// <summary>The price of a public IPv4 address, in US dollars per hour (AWS, since February 2024; the same in every region).</summary>
    public const decimal Ipv4PerHour = 0.005m;

    /// <summary>The price of a GiB of gp3 disk per month in the most expensive region (sa-east-1), in US dollars.</summary>
    public const decimal HighestDiskPrice = 0.152m;

    /// <summary>The margin between the launch time that EC2 bills and the end by the machine's clock.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    /// <summary>The longest plan: a year.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    /// <summary>AWS bills a disk per second of a month, which has 30 days in AWS's own example.</summary>
    private const decimal HoursPerMonth = 720m;

    /// <summary>The shortest month, in which an hour of disk costs most.</summary>
    private const decimal HoursOfFebruary = 672m;

    /// <summary>The shortest time that is billed.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(60);

    /// <summary>If AWS interrupts a machine within this time after its start, it charges only for the disk and the address.</summary>
    private static readonly TimeSpan FreeWhenInterrupted = TimeSpan.FromHours(1);

    /// <summary>The cost of the disk, in US dollars per hour.</summary>
    public decimal DiskPerHour => (DiskPrice ?? HighestDiskPrice) * VolumeSizeGiB / HoursPerMonth;

    /// <summary>The cost of the machine, the disk, and the address, in US dollars per hour.</summary>
    public decimal PerHour => Price + Ipv4PerHour + DiskPerHour;

    /// <summary>The most that an hour can cost in all, in US dollars; null if nothing limits the price.</summary>
    public decimal? MostPerHour => HighestPrice is { } highest ? MostPerHourAt(highest) : null;

    /// <summary>Returns the billed part of a time: full seconds, at least 60.</summary>
    public static TimeSpan Billed(TimeSpan time) => time < Shortest ? Shortest : TimeSpan.FromSeconds(Math.Ceiling(time.TotalSeconds));

    /// <summary>Estimates the cost of a period.</summary>
    /// <param name="time">The length of the period.</param>
    /// <param name="meanPrice">The mean of the prices that were charged, in US dollars per hour; null for the tariff's own.</param>
    /// <param name="interrupted">Whether AWS interrupted the machine at the end.</param>
    public Cost CostOf(TimeSpan time, decimal? meanPrice = null, bool interrupted = false)
    {
        var hours = (decimal)Billed(time).TotalHours;
        var isFree = interrupted && time < FreeWhenInterrupted;
        return new Cost(isFree ? 0 : Round(hours * (meanPrice ?? Price)), Round(hours * DiskPerHour), Round(hours * Ipv4PerHour));
    }

    /// <summary>Returns the most that a period can cost, in US dollars; null if nothing limits the price.</summary>
    public decimal? MostOf(TimeSpan time) => (decimal)time.TotalHours * MostPerHour;

    /// <summary>Returns the longest time from launch to deadline that a budget pays for, after the margin. It may be negative.</summary>
    /// <param name="budget">The budget, in US dollars.</param>
    /// <param name="perHour">The cost, in US dollars per hour.</param>
    public static TimeSpan TimeFor(decimal budget, decimal perHour) => Hours(budget / perHour) - Margin;

    /// <summary>
    /// Returns the latest end of a running instance that a budget pays for, if the unspent part is used at the highest price from now on.
    /// </summary>
    /// <param name="launched">When EC2 started it.</param>
    /// <param name="now">The current time, by the machine's clock.</param>
    /// <param name="budget">The budget, in US dollars.</param>
    /// <param name="highestSoFar">The highest price that was charged so far, in US dollars per hour.</param>
    /// <exception cref="InvalidOperationException">Nothing limits the price.</exception>
    public DateTimeOffset LatestEnd(DateTimeOffset launched, DateTimeOffset now, decimal budget, decimal highestSoFar)
    {
        var most = MostPerHour ?? throw new InvalidOperationException("Nothing limits the price.");
        var latest = now + TimeFor(budget - Spent(launched, now, highestSoFar), most);

        // The machine counts whole seconds.
        return DateTimeOffset.FromUnixTimeSeconds(latest.ToUnixTimeSeconds());
    }

    /// <summary>Returns the most that a running instance can cost until its end, in US dollars; null if nothing limits the price.</summary>
    /// <inheritdoc cref="LatestEnd"/>
    /// <param name="end">The end.</param>
#pragma warning disable CS1573
    public decimal? MostUntil(DateTimeOffset launched, DateTimeOffset now, DateTimeOffset end, decimal highestSoFar) =>
#pragma warning restore CS1573
        Spent(launched, now, highestSoFar) + (AtLeastZero(end - now + Margin) * MostPerHour);

    /// <summary>Rounds to a millionth of a dollar.</summary>
    public static decimal Round(decimal usd) => Math.Round(usd, 6);

    private decimal MostPerHourAt(decimal price) => price + Ipv4PerHour + (DiskPerHour * HoursPerMonth / HoursOfFebruary);

    private decimal Spent(DateTimeOffset launched, DateTimeOffset now, decimal highestSoFar) =>
        AtLeastZero(now - launched) * MostPerHourAt(highestSoFar);

    private static decimal AtLeastZero(TimeSpan time) => time > TimeSpan.Zero ? (decimal)time.TotalHours : 0;

    private static TimeSpan Hours(decimal hours)
    {
        var longest = (decimal)Longest.TotalHours;
        return TimeSpan.FromHours((double)Math.Max(Math.Min(hours, longest), -longest));
    }
}

/// <summary>What something cost, in US dollars.</summary>
/// <param name="Machine">The cost of the machine itself.</param>
/// <param name="Disk">The cost of its disk.</param>
/// <param name="Address">The cost of its public IPv4 address.</param>
internal sealed record Cost(decimal Machine, decimal Disk, decimal Address)
{
    /// <summary>The total.</summary>
    public decimal Total => Machine + Disk + Address;
}
