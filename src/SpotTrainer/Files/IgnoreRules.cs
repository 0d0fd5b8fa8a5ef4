namespace SpotTrainer.Files;

/// <summary>
/// Which files of a folder are transferred.
/// <para>
/// All patterns have .gitignore's rules. What they say is asked in this order, and the first answer holds: <c>-Exclude</c>, the
/// <c>.spotignore</c> files from the deepest folder up, and the list of what stays behind by default. A pattern that begins with <c>!</c>
/// keeps a file, so a line <c>!.env</c> sends what would stay by default. As in Git, nothing below a folder that stays behind is kept.
/// </para>
/// <para>
/// <c>-Include</c> has one meaning for sending and for receiving: what it matches is transferred, and nothing else. This is what
/// <c>-Include</c> means to PowerShell's own cmdlets, and what <c>-Include *.csv</c> asks for. A wildcard does not bring back what
/// stays behind, or <c>*.json</c> would send <c>kaggle.json</c>. A pattern without wildcards names one thing, and what is named is
/// transferred whatever the other rules say, even below a folder that stays behind if the pattern is its path. So what a warning
/// about a left-out file advises, a second command with <c>-Include</c> and its path, sends that file and repeats nothing.
/// </para>
/// </summary>
internal sealed class IgnoreRules
{
    /// <summary>The file whose lines hold for its folder and below.</summary>
    public const string FileName = ".spotignore";

    private readonly IReadOnlyList<IgnorePattern> include;
    private readonly IReadOnlyList<IgnorePattern> exclude;
    private readonly bool[] isMatched;

    /// <summary>Reads the patterns that a user typed.</summary>
    /// <param name="include">What is transferred. Empty, or with only <c>!</c> patterns: everything.</param>
    /// <param name="exclude">What is not.</param>
    /// <param name="ignoreCase">Whether upper case is as good as lower case, as on Windows.</param>
    /// <param name="hasDefaults">Whether the list of what stays behind by default holds. It is for what leaves this computer.</param>
    public IgnoreRules(IEnumerable<string> include, IEnumerable<string> exclude, bool ignoreCase, bool hasDefaults = true)
    {
        HasDefaults = hasDefaults;
        this.include = [.. include.Select(pattern => IgnorePattern.FromArgument(pattern, ignoreCase))];
        this.exclude = [.. exclude.Select(pattern => IgnorePattern.FromArgument(pattern, ignoreCase))];
        IgnoreCase = ignoreCase;
        isMatched = new bool[this.include.Count];
    }

    /// <summary>Whether upper case is as good as lower case.</summary>
    public bool IgnoreCase { get; }

    /// <summary>Whether the list of what stays behind by default holds.</summary>
    public bool HasDefaults { get; }

    /// <summary>Whether everything is transferred that no rule leaves behind.</summary>
    public bool IncludesAll => include.All(pattern => pattern.Negated);

    /// <summary>Returns the rules in the folder itself. Its name matters: <c>credentials</c> in <c>.aws</c> stays behind.</summary>
    public FolderRules In(string folderName) => new(this, folderName);

    /// <summary>Whether a path is transferred, as far as the patterns, the rules of the folders, and the defaults say.</summary>
    /// <param name="path">The path, with slashes.</param>
    /// <param name="isFolder">Whether it is a folder.</param>
    /// <param name="read">Returns the text of the .spotignore of a folder, by its path; null for folders without rules.</param>
    public bool Takes(string path, bool isFolder, Func<string, string>? read = null)
    {
        var at = In(string.Empty);
        at.Read(read?.Invoke(string.Empty) ?? string.Empty);
        var parts = path.Split('/');
        for (var index = 0; index < parts.Length - 1; index++)
        {
            var verdict = at.Judge(parts[index], isFolder: true);
            if (verdict.StaysBehind && !verdict.IsOpened)
            {
                return false;
            }

            at = at.Enter(parts[index], verdict);
            at.Read(read?.Invoke(string.Join("/", parts.Take(index + 1))) ?? string.Empty);
        }

        return at.Judge(parts[parts.Length - 1], isFolder).IsTaken;
    }

    /// <summary>The last -Include pattern that matches.</summary>
    public IgnorePattern? Included(MatchPath path, bool isFolder)
    {
        for (var at = 0; at < isMatched.Length; at++)
        {
            isMatched[at] |= !isMatched[at] && include[at].Matches(path, 0, isFolder);
        }

        return FolderRules.Last(include, path, 0, isFolder);
    }

    /// <summary>The -Include patterns that have matched nothing so far.</summary>
    public IEnumerable<string> Unmatched =>
        include.Where((pattern, at) => !pattern.Negated && !isMatched[at]).Select(pattern => pattern.Text);

    /// <summary>The last -Exclude pattern that matches.</summary>
    public IgnorePattern? Excluded(MatchPath path, bool isFolder) => FolderRules.Last(exclude, path, 0, isFolder);

    /// <summary>Whether the -Include patterns are the paths of some files, so that nothing else was asked for.</summary>
    public bool AskForNamesOnly => include.Count > 0 && include.All(pattern => pattern.IsName);

    /// <summary>Whether an -Include pattern is the path of something below a folder.</summary>
    public bool NamesBelow(MatchPath folder) => include.Any(pattern => !pattern.Negated && pattern.NamesBelow(folder));
}

/// <summary>The rules in one folder of a tree.</summary>
internal sealed class FolderRules
{
    private readonly IgnoreRules rules;
    private readonly FolderRules? parent;
    private readonly string name;
    private readonly string prefix;
    private readonly int start;
    private readonly bool isWanted;
    private readonly bool staysBehind;
    private IReadOnlyList<IgnorePattern> patterns = [];

    internal FolderRules(IgnoreRules rules, string name)
    {
        (this.rules, this.name, prefix, isWanted) = (rules, name, "", rules.IncludesAll);
    }

    private FolderRules(FolderRules parent, string name, Verdict verdict)
    {
        (rules, this.parent, this.name, isWanted, staysBehind) = (parent.rules, parent, name, verdict.IsTaken, verdict.StaysBehind);
        prefix = $"{parent.prefix}{name}/";
        start = new MatchPath(prefix, rules.IgnoreCase).Bytes.Length;
    }

    /// <summary>Adds the lines of the folder's .spotignore.</summary>
    public void Read(string spotignore) => patterns = IgnorePattern.ReadFile(spotignore, rules.IgnoreCase);

    /// <summary>Returns the rules in a folder of this folder.</summary>
    public FolderRules Enter(string folder, Verdict verdict) => new(this, folder, verdict);

    /// <summary>Judges one entry of the folder by its name.</summary>
    public Verdict Judge(string entry, bool isFolder)
    {
        var path = prefix + entry;
        var match = new MatchPath(path, rules.IgnoreCase);
        var included = rules.Included(match, isFolder);
        if (included is { Negated: false, IsName: true })
        {
            return new Verdict(IsTaken: true, IsSettled: true);
        }

        if (staysBehind)
        {
            return LeaveBehind(match, isFolder, because: null);
        }

        var isAskedFor = included is null ? isWanted : !included.Negated;
        var (rule, source) = Find(match, isFolder);
        var because = rule is null ? rules.HasDefaults ? Default(path, entry, isFolder) : null
            : rule.Negated ? null
            : new LeftOut(path, LeftOutReason.Rule, $"{source} has the rule '{rule.Text}'");
        return because is null
            ? new Verdict(IsTaken: isAskedFor, IsSettled: rule is not null)
            : LeaveBehind(match, isFolder, isAskedFor || (isFolder && !AskForNamesOnly) ? because : null);
    }

    /// <summary>Whether only some paths were asked for, so that nobody is surprised by what else stays behind.</summary>
    public bool AskForNamesOnly => rules.AskForNamesOnly;

    /// <summary>Leaves a folder of the folder behind for what is in it.</summary>
    public Verdict LeaveBehind(string folder, LeftOut? because) =>
        LeaveBehind(new MatchPath(prefix + folder, rules.IgnoreCase), isFolder: true, because);

    internal static IgnorePattern? Last(IReadOnlyList<IgnorePattern> patterns, MatchPath path, int from, bool isFolder)
    {
        for (var at = patterns.Count - 1; at >= 0; at--)
        {
            if (patterns[at].Matches(path, from, isFolder))
            {
                return patterns[at];
            }
        }

        return null;
    }

    private Verdict LeaveBehind(MatchPath path, bool isFolder, LeftOut? because) =>
        new(StaysBehind: true, IsOpened: isFolder && rules.NamesBelow(path), Because: because);

    private (IgnorePattern? Rule, string Source) Find(MatchPath path, bool isFolder)
    {
        if (rules.Excluded(path, isFolder) is { } excluded)
        {
            return (excluded, "-Exclude");
        }

        for (var folder = this; folder is not null; folder = folder.parent)
        {
            if (Last(folder.patterns, path, folder.start, isFolder) is { } rule)
            {
                return (rule, folder.prefix + IgnoreRules.FileName);
            }
        }

        return (null, "");
    }

    private LeftOut? Default(string path, string entry, bool isFolder)
    {
        bool Is(string text, string known) =>
            string.Equals(text, known, rules.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

        return Is(entry, ".git") ? new LeftOut(path, LeftOutReason.Git)
            : isFolder && Is(entry, ".ipynb_checkpoints") ? new LeftOut(path, LeftOutReason.NotebookCheckpoints)
            : Is(entry, ".env") || Is(entry, "kaggle.json") || (Is(entry, "credentials") && Is(name, ".aws"))
                ? new LeftOut(path, LeftOutReason.Secrets)
            : null;
    }
}

/// <summary>What the rules say about one entry of a folder.</summary>
/// <param name="IsTaken">Whether it is transferred.</param>
/// <param name="StaysBehind">
/// Whether it stays behind, and all that is in it. Neither this nor <paramref name="IsTaken"/>: nobody asked for it, but for something in
/// it perhaps.
/// </param>
/// <param name="IsOpened">Whether something in a folder that stays behind is transferred because the user named it.</param>
/// <param name="IsSettled">Whether the user decided, so that the contents no longer matter.</param>
/// <param name="Because">What to tell the user, if there is something to tell.</param>
internal sealed record Verdict(
    bool IsTaken = false, bool StaysBehind = false, bool IsOpened = false, bool IsSettled = false, LeftOut? Because = null);
