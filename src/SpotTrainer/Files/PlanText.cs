using SpotTrainer.Foundation;

namespace SpotTrainer.Files;

/// <summary>Says in a few words what a transfer would do.</summary>
internal static class PlanText
{
    /// <summary>Returns a text such as "send 2 files (5.3 KiB) to ~/x; 1 is there already, and 3 stay behind".</summary>
    /// <param name="verb">What is done: "send" or "fetch".</param>
    /// <param name="files">How many files travel.</param>
    /// <param name="bytes">Their size in bytes.</param>
    /// <param name="way">Where they go, or come from, with a space before it.</param>
    /// <param name="unchanged">How many files are there already.</param>
    /// <param name="place">Where those are: "there" or "here".</param>
    /// <param name="skipped">How many stay behind on purpose.</param>
    /// <param name="failed">How many cannot be transferred.</param>
    /// <param name="done">What they cannot be: "sent" or "fetched".</param>
    public static string Of(
        string verb, int files, double bytes, string way, int unchanged, string place, int skipped, int failed, string done)
    {
        var rest = new List<string>();
        Add(unchanged, $"{(unchanged == 1 ? "is" : "are")} {place} already");
        Add(skipped, skipped == 1 ? "stays behind" : "stay behind");
        Add(failed, $"cannot be {done}");
        var end = rest.Count switch
        {
            0 => string.Empty,
            1 => $"; {rest[0]}",
            _ => $"; {string.Join(", ", rest.Take(rest.Count - 1))}, and {rest[rest.Count - 1]}",
        };
        return $"{verb} {DisplayText.Count(files, "file")} ({DisplayText.Size(bytes)}){way}{end}";

        void Add(int count, string text)
        {
            if (count > 0)
            {
                rest.Add($"{DisplayText.Number(count)} {text}");
            }
        }
    }
}
