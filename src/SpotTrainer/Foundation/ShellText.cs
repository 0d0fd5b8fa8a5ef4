namespace SpotTrainer.Foundation;

/// <summary>Writes text for a POSIX shell.</summary>
internal static class ShellText
{
    /// <summary>Quotes a word so that the shell takes it literally.</summary>
    public static string Quote(string word) => "'" + word.Replace("'", "'\\''") + "'";

    /// <summary>Quotes a path on the host. A leading <c>~/</c> still means the user's home folder.</summary>
    public static string QuotePath(string path) => path switch
    {
        "~" => "~",
        _ when path.StartsWith("~/", StringComparison.Ordinal) => "~/" + Quote(path.Substring(2)),
        _ => Quote(path),
    };
}
