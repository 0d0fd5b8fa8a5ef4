using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Completes the names of the instances that the ledger on this computer knows, without asking EC2.</summary>
public sealed class InstanceNameCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() => new InstanceFinder().Names();
}
