using System.Collections.Immutable;

namespace SpotTrainer.Rehearsal.Market;

/// <summary>An EC2 quota on the vCPUs that run at once in a region.</summary>
/// <param name="Code">Service Quotas' code.</param>
/// <param name="Name">Service Quotas' name.</param>
/// <param name="Spot">Whether it counts Spot instances; otherwise on-demand instances.</param>
/// <param name="Default">AWS's default for an account that never asked for more.</param>
/// <param name="Families">The first letters of the types that it counts, with the generation if it counts only some.</param>
internal sealed record VCpuQuota(string Code, string Name, bool Spot, int Default, IReadOnlyList<string> Families)
{
    private static readonly string[] Standard = ["a", "c", "d", "h", "i", "m", "r", "t", "z", "im", "is", "mac"];
    private static readonly string[] Graphics = ["g", "gr", "vt"];

    /// <summary>All quotas.</summary>
    public static IReadOnlyList<VCpuQuota> All { get; } =
    [
        new("L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", Spot: false, Default: 5, Standard),
        new("L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", Spot: true, Default: 5, Standard),
        new("L-3819A6DF", "All G and VT Spot Instance Requests", Spot: true, Default: 0, Graphics),
        new("L-417A185B", "Running On-Demand P instances", Spot: false, Default: 0, ["p"]),
        new("L-7212CCBC", "All P4, P3 and P2 Spot Instance Requests", Spot: true, Default: 0, ["p2", "p3", "p4"]),
        new("L-B5D1601B", "All Inf Spot Instance Requests", Spot: true, Default: 0, ["inf"]),
        new("L-C4BD4855", "All P5 Spot Instance Requests", Spot: true, Default: 0, ["p5"]),
        new("L-DB2E81BA", "Running On-Demand G and VT instances", Spot: false, Default: 0, Graphics),
    ];

    /// <summary>The quotas of a rehearsal's account: more than this computer can run.</summary>
    public static ImmutableDictionary<string, int> OfRehearsals { get; } =
        All.ToImmutableDictionary(quota => quota.Code, _ => 512, StringComparer.Ordinal);

    /// <summary>The quota that a type counts toward, or <see langword="null"/>.</summary>
    public static VCpuQuota? Of(MarketType type, bool spot)
    {
        var letters = type.Name.TakeWhile(char.IsAsciiLetter).Count();
        string[] family = [type.Name[..letters], type.Name[..(letters + 1)]];
        return All.FirstOrDefault(quota => quota.Spot == spot && quota.Families.Intersect(family, StringComparer.Ordinal).Any());
    }
}
