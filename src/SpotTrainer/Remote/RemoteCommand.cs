using System.Text;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>A command to run on a host.</summary>
/// <param name="Text">What the user's login shell runs; with <see cref="Arguments"/>, the program.</param>
internal sealed record RemoteCommand(string Text)
{
    /// <summary>The longest command, in bytes: SSH.NET sends packets of 68,536 bytes at most.</summary>
    private const int Longest = 64 * 1024;

    private const int LongestShown = 60;

    /// <summary>The beginning of the line with the processes that ignore SIGTERM (end_group.sh).</summary>
    public const string StillThere = "left ";

    private static readonly string Prelude = EmbeddedScript.ReadLine("prelude.sh");
    private static readonly string EndGroup = EmbeddedScript.ReadLine("end_group.sh");

    /// <summary>The arguments of the program. No shell on the way can take them apart. Null if the text is for the shell.</summary>
    public IReadOnlyList<string>? Arguments { get; init; }

    /// <summary>Whether it runs as root, through sudo.</summary>
    public bool Sudo { get; init; }

    /// <summary>Whether it runs in the host's Python stack, if it has one (<see cref="StackEnvironment"/>). Root does not.</summary>
    public bool InStack { get; init; }

    /// <summary>The folder to run it in; null for the user's home folder.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The environment variables to set.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Opens its standard input; null for none.</summary>
    public Func<Stream>? Input { get; init; }

    /// <summary>Reads its standard output, on a thread of its own. What it leaves is discarded. Null if whoever runs it takes the output.</summary>
    public Action<Stream>? Listen { get; init; }

    /// <summary>Is called when it has written all that it will write. What makes its input can wait for something that never comes then.</summary>
    public Action? Silent { get; init; }

    /// <summary>How long it may take; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>What it is to the user, such as "the transfer"; null for a command of the user's own.</summary>
    public string? Title { get; init; }

    /// <summary>What messages call it.</summary>
    public string Shown => Title ?? $"'{ErrorTranslation.Shorten(Text.Trim().Split('\n')[0], LongestShown)}'";

    /// <summary>Returns what the login shell runs to end a process group. It prints the processes that ignore SIGTERM, in a line.</summary>
    public string Ending(string group) => $"{(Sudo ? "sudo -n " : string.Empty)}sh -c '{EndGroup}' sh {group}";

    /// <summary>Returns what the login shell runs. It prints a line with the mark when the command starts.</summary>
    /// <param name="mark">The mark, which no output contains by chance.</param>
    /// <param name="hasPosixShell">Whether the login shell is known to be a POSIX shell.</param>
    /// <exception cref="SpotTrainerException"><c>CommandTooLong</c>, <c>CommandHasNull</c>.</exception>
    public string ForShell(string mark, bool hasPosixShell)
    {
        var directory = WorkingDirectory is { } path ? ShellText.QuotePath(path) : null;
        // As a rule, the login shell prepares the command itself. One that may be csh or fish leaves that to a POSIX shell.
        var words = $"{mark} \"$SSH_CONNECTION\" {directory ?? "''"}";
        var lines = new List<string>();
        if (directory is not null)
        {
            lines.Add($"cd -- {directory} || exit 255");
        }

        lines.AddRange(Environment.Select(variable => $"export {variable.Key}={ShellText.Quote(variable.Value)}"));
        lines.Add(Arguments is null ? Text : ShellText.Exec([Text, .. Arguments]));
        if (InStack && !Sudo)
        {
            lines = hasPosixShell ? [StackEnvironment.ActivateDefault, .. lines]
                : [ShellText.Exec(["sh", "-c", $"{StackEnvironment.ActivateDefault}; exec \"$SHELL\" -c \"$1\"", "sh", string.Join("\n", lines)])];
        }

        lines.Insert(0, (hasPosixShell ? $"( set -- {words}; {Prelude} )" : $"sh -c '{Prelude}' sh {words}") + " || exit 255");
        var text = string.Join("\n", lines);
        var whole = Sudo
            ? $"exec sudo -n -- env SSH_CONNECTION=\"$SSH_CONNECTION\" \"$SHELL\" -c {ShellText.Quote(text)}"
            : text;
        return whole.Contains('\0') ? throw RemoteErrors.CommandHasNull()
            : Encoding.UTF8.GetByteCount(whole) > Longest ? throw RemoteErrors.CommandTooLong(Encoding.UTF8.GetByteCount(whole) - Longest)
            : whole;
    }
}
