
namespace SpotTrainer.Money;

/// <summary>What time on a machine costs.</summary>
internal static class CostEstimate
{
    /// <summary>What is billed at least.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(60);

    /// <summary>AWS charges nothing for a machine that it takes back within this time of its start. Its disk and its address it does charge.</summary>
    private static readonly TimeSpan FreeWhenInterrupted = TimeSpan.FromHours(1);

    /// <summary>Whether AWS charges nothing for a machine itself.</summary>
    public static bool IsFree(bool interrupted, TimeSpan time) => interrupted && time < FreeWhenInterrupted;

    /// <summary>Estimates a run's cost, in US dollars.</summary>
    /// <param name="time">How long it ran.</param>
    /// <param name="price">US dollars an hour.</param>
    /// <param name="diskPrice">A GiB of disk for a month, in US dollars; null where it can't be had.</param>
    /// <param name="volumeSizeGiB">The disk, in GiB.</param>
    public static decimal Of(TimeSpan time, decimal price, decimal? diskPrice, int volumeSizeGiB) =>
        (decimal)Billed(time).TotalHours * PerHour(price, diskPrice, volumeSizeGiB);

    /// <summary>What of a time is billed: full seconds, 60 at least.</summary>
    public static TimeSpan Billed(TimeSpan time) => time < Least ? Least : TimeSpan.FromSeconds(Math.Ceiling(time.TotalSeconds));

    /// <summary>What an hour costs in all, in US dollars.</summary>
    public static decimal PerHour(decimal price, decimal? diskPrice, int volumeSizeGiB) =>
        price + CostPerHour.Ipv4 + CostPerHour.Disk(diskPrice, volumeSizeGiB);

    /// <summary>The most that an hour can cost in all, in US dollars, at a price that can't be exceeded.</summary>
    public static decimal MostPerHour(decimal highestPrice, decimal? diskPrice, int volumeSizeGiB) =>
        highestPrice + CostPerHour.Ipv4 + CostPerHour.MostDisk(diskPrice, volumeSizeGiB);
}
