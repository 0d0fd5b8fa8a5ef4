using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Completes the names of instances from the ledger on this computer, without asking EC2.</summary>
public sealed class InstanceNameCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() => new InstanceFinder().Names();
}
