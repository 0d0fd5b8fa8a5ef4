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

    /// <summary>
    /// Returns a line that runs a program with arguments, which the shell must be left out of: any POSIX shell, csh, or fish. What is special in
    /// the quotes of any of them is written in octal.
    /// </summary>
    public static string Exec(IEnumerable<string> words) =>
        $"exec sh -c '{Decode}' sh {string.Join(" ", words.Select(Encode))}";

    /// <summary>Reads the words: each starts with <c>e</c> if it has octal numbers, and with <c>l</c> if not.</summary>
    private const string Decode = """
        for word do shift; case $word in e*) word=$(printf "%b." "${word#e}"); word=${word%.} ;; *) word=${word#l} ;; esac; set -- "$@" "$word"; done; exec "$@"
        """;

    private static string Encode(string word) => word.IndexOfAny(['\\', '\'', '\n', '\r', '!']) < 0 ? $"'l{word}'"
        : "'e" + string.Concat(word.Select(letter => letter is '\\' or '\'' or '\n' or '\r' or '!'
            ? "\\0" + Convert.ToString(letter, toBase: 8).PadLeft(3, '0') : letter.ToString())) + "'";
}
