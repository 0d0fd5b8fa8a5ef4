namespace SpotTrainer.Foundation;

/// <summary>Writes text for a POSIX shell.</summary>
internal static class ShellText
{
    /// <summary>Quotes a word so that the shell takes it as it is.</summary>
    public static string Quote(string word) => "'" + word.Replace("'", "'\\''") + "'";

    /// <summary>Quotes a path of the machine; a leading <c>~/</c> stays the home of who logs in.</summary>
    public static string QuotePath(string path) => path switch
    {
        "~" => "~",
        _ when path.StartsWith("~/", StringComparison.Ordinal) => "~/" + Quote(path.Substring(2)),
        _ => Quote(path),
    };
}
