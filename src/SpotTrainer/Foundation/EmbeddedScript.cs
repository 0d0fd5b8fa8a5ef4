namespace SpotTrainer.Foundation;

/// <summary>Reads the scripts that are embedded in the assembly and run on hosts.</summary>
internal static class EmbeddedScript
{
    /// <summary>How a line ends that the next one continues.</summary>
    private static readonly string[] Open = [" do", " then", "else", "{", " in", ";;", "&&", "||", "|", "&"];

    /// <summary>Returns a script's text, with the line endings that a shell expects.</summary>
    public static string Read(string name)
    {
        using var stream = typeof(EmbeddedScript).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The script {name} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Replace("\r\n", "\n");
    }

    /// <summary>
    /// Returns a POSIX script as one line without comments, to stand inside a command: csh takes no line end in quotes. The script must have
    /// no here-document, and no quoted text of several lines.
    /// </summary>
    /// <param name="names">The scripts: those with functions first.</param>
    public static string ReadLine(params string[] names)
    {
        var line = new System.Text.StringBuilder();
        foreach (var next in names.SelectMany(name => Read(name).Split('\n'))
            .Select(text => text.Trim()).Where(text => text.Length > 0 && text[0] != '#'))
        {
            line.Append(line.Length == 0 ? string.Empty : Array.Exists(Open, word => EndsWith(line, word)) ? " " : "; ").Append(next);
        }

        return line.ToString();
    }

    private static bool EndsWith(System.Text.StringBuilder line, string word) =>
        line.Length >= word.Length && line.ToString(line.Length - word.Length, word.Length) == word;
}
