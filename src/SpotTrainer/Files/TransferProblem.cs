using SpotTrainer.Foundation;

namespace SpotTrainer.Files;

/// <summary>A file, a folder, or a link that was not transferred.</summary>
public sealed class TransferProblem
{
    internal TransferProblem(string path, string reason) => (Path, Reason) = (TerminalText.Clean(path), TerminalText.Clean(reason));

    internal TransferProblem(LeftOut left)
        : this(left.Path, $"{char.ToUpperInvariant(left.Why[0])}{left.Why.Substring(1)}.")
    {
    }

    /// <summary>
    /// The path, with slashes, relative to the folder that was transferred. Control characters, and bytes that are not UTF-8, are visible, such
    /// as <c>\x1b</c>.
    /// </summary>
    public string Path { get; }

    /// <summary>Why, as a sentence.</summary>
    public string Reason { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {Reason}";
}
