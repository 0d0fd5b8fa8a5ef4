using System.Globalization;

namespace SpotTrainer.Money;

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

    /// <summary>AWS bills a disk by the second of a month: of 30 days in its own example.</summary>
    private const decimal HoursPerMonth = 720m;

    /// <summary>The shortest month, in which an hour of disk costs most.</summary>
    private const decimal HoursOfFebruary = 672m;

    /// <summary>Reads a price as AWS writes it, without the zeros at its end.</summary>
    public static decimal Parse(string text) => decimal.Parse(text, CultureInfo.InvariantCulture) / 1.0000000000000000000000000000m;

    /// <summary>A disk for an hour.</summary>
    /// <param name="perGiBMonth">The price of a GiB for a month; null where it can't be had.</param>
    /// <param name="sizeGiB">The disk's size, in GiB.</param>
    public static decimal Disk(decimal? perGiBMonth, int sizeGiB) => (perGiBMonth ?? DearestDiskPerGiBMonth) * sizeGiB / HoursPerMonth;

    /// <summary>The most that a disk can cost for an hour.</summary>
    /// <inheritdoc cref="Disk"/>
    public static decimal MostDisk(decimal? perGiBMonth, int sizeGiB) => Disk(perGiBMonth, sizeGiB) * HoursPerMonth / HoursOfFebruary;
}
