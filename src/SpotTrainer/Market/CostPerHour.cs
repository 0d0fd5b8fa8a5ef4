namespace SpotTrainer.Market;

/// <summary>What an hour costs beside the machine itself, in US dollars.</summary>
internal static class CostPerHour
{
    /// <summary>A public IPv4 address (AWS, since February 2024; the same in every region).</summary>
    public const decimal Ipv4 = 0.005m;

    /// <summary>
    /// A GiB of gp3 disk for a month where it is dearest (sa-east-1). A region whose price can't be had counts with it: nothing may turn out
    /// dearer than it was reckoned.
    /// </summary>
    public const decimal DearestDiskPerGiBMonth = 0.152m;

    /// <summary>AWS bills a disk by the second of a month of 30 days.</summary>
    private const decimal HoursPerMonth = 720m;

    /// <summary>A disk for an hour.</summary>
    /// <param name="perGiBMonth">The price of a GiB for a month; null where it can't be had.</param>
    /// <param name="sizeGiB">The disk's size, in GiB.</param>
    public static decimal Disk(decimal? perGiBMonth, int sizeGiB) => (perGiBMonth ?? DearestDiskPerGiBMonth) * sizeGiB / HoursPerMonth;
}
