using SpotTrainer.Foundation;

namespace SpotTrainer.Files;

/// <summary>Tells a user what stays behind.</summary>
internal static class LeftOutReport
{
    private const int Most = 10;

    /// <summary>Warns of what stays behind. A user's own rules are no surprise, so what they leave behind is listed only with -Verbose.</summary>
    public static void Write(IReadOnlyCollection<LeftOut> left, IStepLog log)
    {
        foreach (var one in left.Where(one => one.Reason == LeftOutReason.Rule))
        {
            log.Verbose($"{one.Path} stays behind: {one.Why}.");
        }

        var surprising = left.Where(one => one.Reason != LeftOutReason.Rule).ToArray();
        foreach (var one in surprising.Take(Most))
        {
            log.Warning($"{one.Path} stays behind: {one.Why}."
                + (one.MayBeIncluded ? $" To send it, too: -Exclude {PowerShellText.Quote("!/" + Escape(one.Path))}" : string.Empty));
        }

        if (surprising.Length > Most)
        {
            log.Warning($"{surprising.Length - Most:N0} more stay behind. The properties Skipped and Failed of the result name all.");
        }
    }

    /// <summary>Warns of what has another name here than on the host.</summary>
    public static void WriteRenamed(IReadOnlyCollection<(string Path, string Local)> renamed, IStepLog log)
    {
        foreach (var (path, local) in renamed.Take(Most))
        {
            log.Warning($"{path} is called {local} here, because this computer cannot have that name.");
        }

        if (renamed.Count > Most)
        {
            log.Warning($"{renamed.Count - Most:N0} more have another name here.");
        }
    }

    /// <summary>Writes a path as a pattern that means only this path.</summary>
    private static string Escape(string path)
    {
        var pattern = string.Concat(path.Select(letter => letter is '*' or '?' or '[' or '\\' ? "\\" + letter : letter.ToString()));
        return pattern.EndsWith(" ", StringComparison.Ordinal) ? pattern.Substring(0, pattern.Length - 1) + "\\ " : pattern;
    }
}
