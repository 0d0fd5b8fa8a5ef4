using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>
/// What the endpoint would charge, by AWS's rules: computing by the second with 60 s at least, at the zone's Spot price as it moved, or on
/// demand; nothing for it when EC2 interrupts in the first hour; disk and public IPv4 address by the second, too.
/// </summary>
internal static class Ledger
{
    /// <summary>A public IPv4 address, in US dollars an hour, in every region.</summary>
    private const decimal AddressPerHour = 0.005m;

    /// <summary>
    /// A GiB of gp3 disk for a month, in US dollars, in us-east-1. For other regions it is multiplied by what their on-demand prices are
    /// against us-east-1's: the market has no prices of disks.
    /// </summary>
    private const decimal DiskPerGiBMonth = 0.08m;

    /// <summary>A month of 30 days: in a shorter one an hour of disk costs more, in a longer one less.</summary>
    private const decimal HoursPerMonth = 720m;

    private static readonly TimeSpan Least = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FreeOnInterruption = TimeSpan.FromHours(1);

    /// <summary>A GiB of gp3 disk for a month in a region, in US dollars.</summary>
    public static decimal DiskPrice(MarketRegion region) => DiskPerGiBMonth * region.Factor;

    /// <summary>The charge of an instance until a moment, or until its end.</summary>
    public static RehearsalCharge Charge(Instance instance, MarketTable market, IReadOnlyList<PriceMove> moves, DateTimeOffset now)
    {
        var end = BilledEnd(instance.LaunchTime, instance.ComputeEnd ?? now);
        var hours = Hours(instance.LaunchTime, end);
        var waived = instance.EndedByEc2 && instance.ComputeEnd - instance.LaunchTime < FreeOnInterruption;
        var compute = waived ? 0 : instance.Spot ? Spot(instance, market, moves, end) : hours * instance.OnDemandPrice;
        var region = market.Region(MarketTable.RegionOf(instance.Subnet.Zone));
        var diskHours = Hours(instance.LaunchTime, BilledEnd(instance.LaunchTime, instance.VolumeEnd ?? now));
        return new RehearsalCharge
        {
            InstanceId = instance.Id,
            InstanceType = instance.Type.Name,
            Region = region.Name,
            Zone = instance.Subnet.Zone,
            Spot = instance.Spot,
            Start = instance.LaunchTime,
            End = instance.ComputeEnd,
            Waived = waived,
            Compute = compute,
            Disk = diskHours * instance.VolumeSizeGiB * DiskPrice(region) / HoursPerMonth,
            Address = hours * AddressPerHour,
        };
    }

    /// <summary>The Spot price as it moved, but never more than the instance's highest: EC2 interrupts it before it would be charged that.</summary>
    private static decimal Spot(Instance instance, MarketTable market, IReadOnlyList<PriceMove> moves, DateTimeOffset end)
    {
        var sum = 0m;
        foreach (var (usd, since) in MarketTable.History(market.Offer(instance.Type.Name, instance.Subnet.Zone)!, instance.LaunchTime, end, moves))
        {
            var from = since > instance.LaunchTime ? since : instance.LaunchTime;
            sum += Hours(from, end) * Math.Min(usd, instance.HighestPrice);
            end = from;
        }

        return sum;
    }

    private static DateTimeOffset BilledEnd(DateTimeOffset start, DateTimeOffset end)
    {
        var time = TimeSpan.FromSeconds(Math.Ceiling((end - start).TotalSeconds));
        return start + (time < Least ? Least : time);
    }

    private static decimal Hours(DateTimeOffset start, DateTimeOffset end) => (end - start).Ticks / (decimal)TimeSpan.TicksPerHour;
}
