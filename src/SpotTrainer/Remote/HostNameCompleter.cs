using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>Completes the names of hosts, without calling EC2.</summary>
public sealed class HostNameCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() => HostFinder.Current.Names();
}
