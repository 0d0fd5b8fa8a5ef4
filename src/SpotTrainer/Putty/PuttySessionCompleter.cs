
using SpotTrainer.Pipeline;

namespace SpotTrainer.Putty;

/// <summary>Completes the sessions that PuTTY has.</summary>
public sealed class PuttySessionCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
        PuttySessionStore.ForThisUser().Names().Where(name => name != PuttySessionStore.DefaultName).OrderBy(name => name, StringComparer.OrdinalIgnoreCase);
}
