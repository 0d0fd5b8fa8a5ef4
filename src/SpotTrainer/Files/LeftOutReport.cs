using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>Tells a user what stays behind.</summary>
internal static class LeftOutReport
{
    private const int Most = 10;

    /// <summary>
    /// Warns of what stays behind. A user's own rules are no surprise, so what they leave behind is listed only with -Verbose. What
    /// cannot be sent is an error later, so only a plan warns of it.
    /// </summary>
    public static void Write(IReadOnlyCollection<LeftOut> left, bool isPlan, IStepLog log)
    {
        foreach (var one in left.Where(one => one.Reason == LeftOutReason.Rule))
        {
            log.Verbose($"{Name(one)} stays behind: {one.Why}.");
        }

        foreach (var one in left.Where(one => isPlan && !one.IsMeant))
        {
            log.Warning($"{Name(one)} cannot be sent: {one.Why}.");
        }

        var surprising = left.Where(one => one.IsMeant && one.Reason != LeftOutReason.Rule).ToArray();
        foreach (var one in surprising.Take(Most))
        {
            log.Warning($"{Name(one)} stays behind: {one.Why}."
                + (one.MayBeIncluded ? $" To send it, too: -Exclude {PowerShellText.Quote("!/" + Escape(one.Path))}" : string.Empty));
        }

        More(surprising.Skip(Most).Select(one => $"{Name(one)} stays behind: {one.Why}.").ToArray(), "stay behind", log);
    }

    /// <summary>Warns of what cannot be received, and says what to do about it.</summary>
    public static void WriteFailed(TrainingHost host, IEnumerable<LeftOut> failed, IStepLog log)
    {
        var texts = failed.Select(one => $"{Name(one)} stays on {host}: {one.Why}."
            + (one.Remedy is null ? string.Empty : $" {one.Remedy}, and fetch again.")).ToArray();
        foreach (var text in texts.Take(Most))
        {
            log.Warning(text);
        }

        More(texts.Skip(Most).ToArray(), $"stay on {host}", log);
    }

    /// <summary>Warns of -Include patterns that no file has matched: most likely, they were typed wrong.</summary>
    public static void WriteUnmatched(IgnoreRules rules, string what, IStepLog log)
    {
        var patterns = rules.Unmatched.Select(pattern => PowerShellText.Quote(TerminalText.Line(pattern))).ToArray();
        if (patterns.Length > 0)
        {
            log.Warning($"Nothing {what} matches -Include {string.Join(", ", patterns)}.");
        }
    }

    /// <summary>Warns of what has another name here than on the host.</summary>
    public static void WriteRenamed(IReadOnlyCollection<(string Path, string Local)> renamed, IStepLog log)
    {
        foreach (var (path, local) in renamed.Take(Most))
        {
            log.Warning($"{TerminalText.Line(path)} is called {local} here, because this computer cannot have that name.");
        }

        if (renamed.Count > Most)
        {
            log.Warning($"{renamed.Count - Most:N0} more have another name here.");
        }
    }

    private static void More(string[] texts, string verb, IStepLog log)
    {
        if (texts.Length > 0)
        {
            log.Warning($"{DisplayText.Number(texts.Length)} more {verb}. -Verbose names them.");
            foreach (var text in texts)
            {
                log.Verbose(text);
            }
        }
    }

    private static string Name(LeftOut one) => TerminalText.Line(one.Path);

    /// <summary>Writes a path as a pattern that means only this path.</summary>
    private static string Escape(string path)
    {
        var pattern = string.Concat(path.Select(letter => letter is '*' or '?' or '[' or '\\' ? "\\" + letter : letter.ToString()));
        return pattern.EndsWith(" ", StringComparison.Ordinal) ? pattern.Substring(0, pattern.Length - 1) + "\\ " : pattern;
    }
}
