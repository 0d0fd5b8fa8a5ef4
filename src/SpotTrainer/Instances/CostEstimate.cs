namespace SpotTrainer.Instances;

/// <summary>What time on a machine costs.</summary>
internal static class CostEstimate
{
    /// <summary>A public IPv4 address, in US dollars an hour (AWS, since February 2024; the same in every region).</summary>
    public const decimal Ipv4PerHour = 0.005m;

    /// <summary>A GiB of gp3 disk for a month, in US dollars, in us-east-1.</summary>
    private const decimal DiskPerGiBMonth = 0.08m;

    /// <summary>A GiB of gp3 disk for a month where it is dearest (sa-east-1): what a budget is reckoned with.</summary>
    private const decimal DearestDiskPerGiBMonth = 0.152m;

    /// <summary>AWS's own number of hours in a month of disk.</summary>
    private const decimal HoursPerMonth = 730m;

    /// <summary>What is billed at least.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(60);

    /// <summary>Estimates a run's cost, in US dollars.</summary>
    /// <param name="time">How long it ran.</param>
    /// <param name="price">US dollars an hour.</param>
    /// <param name="volumeSizeGiB">The disk, in GiB.</param>
    public static decimal Of(TimeSpan time, decimal price, int volumeSizeGiB)
    {
        var hours = (decimal)(time < Least ? Least : time).TotalHours;
        return hours * (price + Ipv4PerHour + (volumeSizeGiB * DiskPerGiBMonth / HoursPerMonth));
    }

    /// <summary>The most that an hour can cost, in US dollars, with a price that can't be exceeded.</summary>
    public static decimal MostPerHour(decimal highestPrice, int volumeSizeGiB) =>
        highestPrice + Ipv4PerHour + (volumeSizeGiB * DearestDiskPerGiBMonth / HoursPerMonth);
}
