namespace SpotTrainer.Files;

/// <summary>Why something in a folder is not transferred.</summary>
internal enum LeftOutReason
{
    /// <summary>A line of a .spotignore file, or an -Exclude pattern.</summary>
    Rule,

    /// <summary>A Git repository's own data.</summary>
    Git,

    /// <summary>Jupyter's copies of notebooks.</summary>
    NotebookCheckpoints,

    /// <summary>A folder with <c>pyvenv.cfg</c> or <c>conda-meta</c>. It does not work on another computer.</summary>
    PythonEnvironment,

    /// <summary>A file that holds secrets, by its name.</summary>
    Secrets,

    /// <summary>A private key, by its first line.</summary>
    PrivateKey,

    /// <summary>A link that leads out of the folder.</summary>
    LinkOut,

    /// <summary>A link to nothing.</summary>
    LinkDangling,

    /// <summary>A link that leads back to itself, or to a folder that it is in.</summary>
    LinkLoop,

    /// <summary>A link that cannot be read.</summary>
    LinkUnreadable,

    /// <summary>A named pipe, a socket, or a device. It is never opened.</summary>
    NotAFile,

    /// <summary>A file that cannot be read, or an entry that cannot be reached.</summary>
    FileUnreadable,

    /// <summary>A folder that cannot be read.</summary>
    FolderUnreadable,

    /// <summary>A folder whose .spotignore cannot be read, so that nobody knows what must stay.</summary>
    RulesUnreadable,

    /// <summary>A name that is not in UTF-8, or on Windows not in UTF-16. .NET cannot open it.</summary>
    NameNotUnicode,

    /// <summary>Below too many folders.</summary>
    TooDeep,

    /// <summary>The folder has too many entries. Nothing after this one was looked at.</summary>
    TooMany,

    /// <summary>The name of the folder in which files stand until they are whole.</summary>
    NameReserved,

    /// <summary>A host's name that could do harm here.</summary>
    NameUnsafe,

    /// <summary>Something of another kind has its name at the destination.</summary>
    InTheWay,

    /// <summary>It changed while it was read, or did not arrive as it was read.</summary>
    Changed,

    /// <summary>The destination cannot have it.</summary>
    NotWritten,
}

/// <summary>Something that is not transferred.</summary>
/// <param name="Path">Its path relative to the folder, with slashes.</param>
/// <param name="Reason">The reason.</param>
/// <param name="Why">The reason for a user, as the rest of a sentence: "it is a private key".</param>
internal sealed record LeftOut(string Path, LeftOutReason Reason, string Why) : TreeItem(Path)
{
    /// <summary>Leaves something out for a reason that needs no details.</summary>
    public LeftOut(string path, LeftOutReason reason)
        : this(path, reason, Text(reason))
    {
    }

    /// <summary>Leaves out what no transfer opens.</summary>
    /// <param name="path">Its path relative to the folder, with slashes.</param>
    /// <param name="type">find's letter for what it is.</param>
    public static LeftOut NotAFile(string path, char type) => new(path, LeftOutReason.NotAFile, type switch
    {
        'p' => "it is a named pipe", 's' => "it is a socket", 'b' or 'c' => "it is a device", _ => "it is not a file",
    });

    /// <summary>Whether the user named it, so that it should have been transferred in any case.</summary>
    public bool IsNamed { get; init; }

    /// <summary>The reason as a sentence.</summary>
    public string Sentence => $"{char.ToUpperInvariant(Why[0])}{Why.Substring(1)}.";

    /// <summary>What to do before the next attempt, as the beginning of a sentence; null if nothing simple helps.</summary>
    public string? Remedy => Reason switch
    {
        LeftOutReason.Changed => "Wait until no program changes it",
        LeftOutReason.NameNotUnicode or LeftOutReason.NameUnsafe => "Rename it",
        LeftOutReason.FileUnreadable or LeftOutReason.FolderUnreadable or LeftOutReason.LinkUnreadable
            or LeftOutReason.RulesUnreadable => "Check its permissions",
        LeftOutReason.InTheWay => "Move what is in its way",
        _ => null,
    };

    /// <summary>Whether it was left out on purpose. Everything else should have been transferred.</summary>
    public bool IsMeant => !IsNamed && Reason is LeftOutReason.Rule or LeftOutReason.Git or LeftOutReason.NotebookCheckpoints
        or LeftOutReason.PythonEnvironment or LeftOutReason.Secrets or LeftOutReason.PrivateKey or LeftOutReason.LinkOut
        or LeftOutReason.LinkDangling or LeftOutReason.LinkLoop or LeftOutReason.NotAFile or LeftOutReason.NameReserved;

    /// <summary>Whether -Include with its path transfers it all the same.</summary>
    public bool MayBeIncluded => Reason is LeftOutReason.Rule or LeftOutReason.Git or LeftOutReason.NotebookCheckpoints
        or LeftOutReason.PythonEnvironment or LeftOutReason.Secrets or LeftOutReason.PrivateKey;

    private static string Text(LeftOutReason reason) => reason switch
    {
        LeftOutReason.Git => "it is Git's own data",
        LeftOutReason.NotebookCheckpoints => "it holds Jupyter's copies of notebooks",
        LeftOutReason.PythonEnvironment => "it is a Python environment, which works on this computer only",
        LeftOutReason.Secrets => "files of this name hold secrets",
        LeftOutReason.PrivateKey => "it is a private key",
        LeftOutReason.LinkOut => "the link leads out of the folder",
        LeftOutReason.LinkDangling => "the link leads to nothing",
        LeftOutReason.LinkLoop => "the link leads back to where it is",
        LeftOutReason.LinkUnreadable => "the link cannot be read",
        LeftOutReason.FileUnreadable => "it cannot be read",
        LeftOutReason.FolderUnreadable => "it is a folder that cannot be read",
        LeftOutReason.RulesUnreadable => $"its {IgnoreRules.FileName} cannot be read",
        LeftOutReason.NameNotUnicode => "its name is not valid Unicode",
        LeftOutReason.NameReserved => "transfers use this name",
        LeftOutReason.TooDeep => "it is below too many folders",
        LeftOutReason.TooMany => "the folder has too many entries",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "This reason needs details."),
    };
}
