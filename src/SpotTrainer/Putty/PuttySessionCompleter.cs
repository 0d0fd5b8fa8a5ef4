using SpotTrainer.Pipeline;

namespace SpotTrainer.Putty;

/// <summary>Completes the names of PuTTY's saved sessions.</summary>
public sealed class PuttySessionCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
        PuttySessionStore.ForThisUser().Names().Where(name => name != PuttySessionStore.DefaultName)
            .OrderBy(name => name, StringComparer.OrdinalIgnoreCase);
}
