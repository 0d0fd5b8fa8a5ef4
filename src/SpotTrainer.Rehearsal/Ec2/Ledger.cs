using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>
/// What the endpoint would charge, by AWS's rules. Compute is charged by the second, for at least 60 s, at the zone's Spot price as it
/// changes or at the on-demand price. It is free if EC2 interrupts the instance in the first hour. The disk and the public IPv4 address are
/// also charged by the second.
/// </summary>
internal static class Ledger
{
    /// <summary>The price of a public IPv4 address in every region, in US dollars per hour.</summary>
    private const decimal AddressPerHour = 0.005m;

    /// <summary>
    /// The price of a GiB of gp3 disk in us-east-1, in US dollars per month. The market has no disk prices, so for other regions this is
    /// multiplied by the ratio of their on-demand prices to us-east-1's.
    /// </summary>
    private const decimal DiskPerGiBMonth = 0.08m;

    /// <summary>The hours of a 30-day month. An hour of disk costs more in a shorter month and less in a longer one.</summary>
    private const decimal HoursPerMonth = 720m;

    private static readonly TimeSpan Least = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FreeOnInterruption = TimeSpan.FromHours(1);

    /// <summary>The price of a GiB of gp3 disk in a region, in US dollars per month.</summary>
    public static decimal DiskPrice(MarketRegion region) => DiskPerGiBMonth * region.Factor;

    /// <summary>The charge for an instance up to a given time, or up to its end.</summary>
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

    /// <summary>The cost at the changing Spot price, capped at the instance's maximum: EC2 interrupts it before charging more.</summary>
    private static decimal Spot(Instance instance, MarketTable market, IReadOnlyList<PriceMove> moves, DateTimeOffset end)
    {
        var sum = 0m;
        foreach (var (usd, since) in MarketTable.History(
            market.Offer(instance.Type.Name, instance.Subnet.Zone)!, instance.LaunchTime, end, moves))
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
