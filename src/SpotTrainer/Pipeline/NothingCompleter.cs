namespace SpotTrainer.Pipeline;

/// <summary>For text that nothing can complete, least of all the name of a file.</summary>
public sealed class NothingCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() => [];
}
