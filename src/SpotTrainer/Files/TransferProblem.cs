using SpotTrainer.Foundation;

namespace SpotTrainer.Files;

/// <summary>A file, a folder, or a link that was not transferred.</summary>
public sealed class TransferProblem
{
    internal TransferProblem(LeftOut left) =>
        (Path, Reason, Remedy) = (TerminalText.Line(left.Path), TerminalText.Line(left.Sentence), left.Remedy);

    /// <summary>
    /// The path, with slashes, relative to the folder that was transferred. Control characters, line ends, and bytes that are not UTF-8 are
    /// visible, such as <c>\x1b</c>.
    /// </summary>
    public string Path { get; }

    /// <summary>Why, as a sentence.</summary>
    public string Reason { get; }

    /// <summary>What to do before the next attempt (<see cref="LeftOut.Remedy"/>).</summary>
    internal string? Remedy { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {Reason}";
}
