using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>Completes GPU models, as EC2 names them.</summary>
public sealed class GpuModelCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
        ["A100", "A10G", "H100", "H200", "L4", "L40S", "M60", "Radeon Pro V520", "T4", "T4g", "V100"];
}
