using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>Paths of folders on hosts, as users type them.</summary>
internal static class HostPath
{
    private const string Use = "Use a path on the host, with slashes: ~/data in the home folder, or /mnt/data.";

    /// <summary>Returns the path of the folder that has a path in it; empty for one without slashes.</summary>
    public static string Parent(string path) => path.LastIndexOf('/') is >= 0 and var end ? path.Substring(0, end) : string.Empty;

    /// <summary>
    /// Whether a path on a host is in a home folder of this computer, though the host's user most likely has another one. Then a user has
    /// typed $HOME/x, and the shell of this computer has replaced the variable.
    /// </summary>
    /// <param name="path">The path on the host.</param>
    /// <param name="home">The home folder on this computer.</param>
    /// <param name="user">The user on the host.</param>
    public static bool IsOfHome(string path, string home, string user) =>
        home.Length > 1 && home[0] == '/' && home != (user == "root" ? "/root" : $"/home/{user}")
        && $"{path}/".StartsWith($"{home.TrimEnd('/')}/", StringComparison.Ordinal);

    /// <summary>Returns a path without slashes at its end.</summary>
    /// <exception cref="SpotTrainerException"><c>DestinationInvalid</c>: no host has such a path, or nobody can have meant it.</exception>
    public static string Require(string path)
    {
        var why = path.Trim().Length == 0 ? "it is empty"
            : path != path.Trim() ? "it begins or ends with a space"
            : path.Any(char.IsControl) ? "it has control characters"
            : path.Length > 1 && path[1] == ':' && char.IsLetter(path[0]) ? "it is a path of a Windows drive"
            : path.IndexOf('\\') >= 0 ? "it has backslashes, which mean nothing to Linux"
            : path.Contains("://") ? "it is the address of something else"
            : path[0] == '$' || path.Contains("${") ? "the host takes it as it is, and does not replace variables"
            : path[0] == '%' && path.IndexOf('%', 1) > 0 ? "the host takes it as it is, and does not replace variables"
            : path[0] == '~' && path != "~" && !path.StartsWith("~/", StringComparison.Ordinal) ? "only ~ and ~/ stand for a home folder"
            : path.Split('/').Contains(LocalStage.Area, StringComparer.Ordinal) ? "files stand there until they are whole"
            : $"{path}/".StartsWith(MachineLayout.Control + "/", StringComparison.Ordinal) ? "the module keeps its own files there"
            : null;
        return why is null ? path.TrimEnd('/') is { Length: > 0 } trimmed ? trimmed : "/" : throw new SpotTrainerException(
            "DestinationInvalid", ErrorKind.InvalidArgument, $"'{TerminalText.Line(path)}' cannot be the destination on a host: {why}.", Use, path);
    }
}
