using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>Completes the families of instance types that are good for training. There would be too many types.</summary>
public sealed class InstanceTypeCompleter : NameCompleter
{
    /// <summary>The families.</summary>
    internal static readonly string[] Families =
    [
        "c6a.*", "c6i.*", "c7a.*", "c7g.*", "c7i.*", "c8g.*", "g4dn.*", "g5.*", "g6.*", "g6e.*", "m6a.*", "m6i.*", "m7a.*", "m7g.*",
        "m7i.*", "m8g.*",
        "p3.*", "p4d.*", "p5.*", "r6a.*", "r6i.*", "r7a.*", "r7g.*", "r7i.*", "r8g.*", "t3.*", "t4g.*",
    ];

    private protected override IEnumerable<string> Names() => Families;
}
