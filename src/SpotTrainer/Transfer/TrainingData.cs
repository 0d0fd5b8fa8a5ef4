using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>Files that were sent to a host.</summary>
public sealed class TrainingData
{
    private readonly Func<IEnumerable<TransferredFile>> each;

    internal TrainingData(
        TrainingHost instance, string destination, TransferOutcome outcome, IReadOnlyCollection<LeftOut> left, TimeSpan duration)
    {
        var all = outcome.Failed.Concat(left).ToArray();
        each = () => outcome.Each(instance, left);
        Instance = instance;
        Destination = destination;
        Files = outcome.Files.Select(file => TerminalText.Line(file.Path)).ToArray();
        Unchanged = outcome.Unchanged.Count;
        Skipped = all.Where(one => one.IsMeant).Select(one => new TransferProblem(one)).ToArray();
        Failed = all.Where(one => !one.IsMeant).Select(one => new TransferProblem(one)).ToArray();
        Deleted = outcome.Deleted.Select(TerminalText.Line).ToArray();
        Bytes = outcome.Files.Sum(file => file.Size);
        Duration = duration;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The folder on the host.</summary>
    public string Destination { get; }

    /// <summary>The files that were sent, relative to the folder. Control characters are visible, such as <c>\x1b</c>.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>How many files were there already.</summary>
    public int Unchanged { get; }

    /// <summary>What stays behind on purpose: by a rule, because it holds secrets, or because it is not a file.</summary>
    public IReadOnlyList<TransferProblem> Skipped { get; }

    /// <summary>What should have been sent, and could not be.</summary>
    public IReadOnlyList<TransferProblem> Failed { get; }

    /// <summary>What -Mirror has deleted on the host. A folder ends with a slash.</summary>
    public IReadOnlyList<string> Deleted { get; }

    /// <summary>The total size of the files that were sent, in bytes.</summary>
    public long Bytes { get; }

    /// <summary>The total size of the files that were sent, for a reader, such as <c>67.3 KiB</c>.</summary>
    public string Size => DisplayText.Size(Bytes);

    /// <summary>How long the transfer took.</summary>
    public TimeSpan Duration { get; }

    /// <summary>Returns an object for each file.</summary>
    internal IEnumerable<TransferredFile> Each() => each();

    /// <inheritdoc/>
    public override string ToString() => $"{DisplayText.Count(Files.Count, "file")} on {Instance}";
}
