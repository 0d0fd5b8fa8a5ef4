namespace SpotTrainer.Notebooks;

/// <summary>
/// What IPython handles: magics, shell commands, and cells in other languages
/// (https://ipython.readthedocs.io/en/stable/interactive/magics.html).
/// </summary>
internal static class Magic
{
    /// <summary>The magics of cells that contain Python.</summary>
    private static readonly HashSet<string> PythonCells = new(
        ["%%time", "%%timeit", "%%capture", "%%prun", "%%memit", "%%mprun", "%%lprun", "%%snakeviz", "%%wandb"], StringComparer.Ordinal);

    /// <summary>What a shell command may be without writing a file.</summary>
    private static readonly HashSet<string> Readers = new(
        [
            "ls", "cat", "head", "tail", "pwd", "echo", "nvidia-smi", "wc", "du", "df", "free", "date", "which", "grep", "find", "lscpu",
            "nproc", "uname", "whoami", "pip", "pip3", "conda", "mamba", "uptime", "tree", "file", "rm", "jupyter", "apt", "apt-get",
        ], StringComparer.Ordinal);

    /// <summary>The line magics that run a shell command.</summary>
    private static readonly string[] ShellMagics = ["%system", "%sx", "%sc"];

    /// <summary>Whether the cell that a magic begins contains Python.</summary>
    public static bool HasPython(string line) => PythonCells.Contains(Words(line)[0]);

    /// <summary>
    /// Returns the words of a line; an empty word if it has none. The exclamation mark of a shell command is a word of its own.
    /// </summary>
    public static string[] Words(string line)
    {
        var text = line.StartsWith("!", StringComparison.Ordinal) ? "! " + line.TrimStart('!') : line;
        var words = text.Split([' ', '\t', '\r', '\n', '\\'], StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 0 ? words : [string.Empty];
    }

    /// <summary>
    /// Returns the words of an installation, after <c>install</c>; null if the line is none: <c>%pip install x</c>,
    /// <c>!python -m pip install x</c>, <c>%conda install x</c>.
    /// </summary>
    public static (string Tool, string[] Words)? Installation(string line)
    {
        var words = Words(line);
        var first = words[0] == "!" || Array.IndexOf(ShellMagics, words[0]) >= 0 ? 1 : 0;
        if (words.Length > first + 1 && words[first] == "sudo")
        {
            first++;
        }

        // {sys.executable} -m pip
        var module = Array.IndexOf(words, "-m", first);
        if (module >= 0 && module <= first + 1)
        {
            first = module + 1;
        }

        var tool = words.Length > first ? words[first].TrimStart('%') : string.Empty;
        var known = tool is "pip" or "pip3" ? "pip" : tool is "conda" or "mamba" or "micromamba" ? "conda" : null;
        return known is not null && words.Length > first + 2 && words[first + 1] == "install"
            ? (known, words.Skip(first + 2).ToArray()) : null;
    }

    /// <summary>The file that <c>%run</c> runs; null if the line is another.</summary>
    public static string? RunFile(string line)
    {
        var words = Words(line);
        return words[0] == "%run" ? words.Skip(1).FirstOrDefault(word => word[0] != '-')?.Trim('"', '\'') : null;
    }

    /// <summary>The file that a cell is written to; null if the line is another.</summary>
    public static string? WrittenFile(string line)
    {
        var words = Words(line);
        return words[0] is "%%writefile" or "%%file" ? words.Skip(1).FirstOrDefault(word => word[0] != '-')?.Trim('"', '\'') : null;
    }

    /// <summary>Whether a line may make files of any name, or change the folder.</summary>
    public static bool MayMakeFiles(string line)
    {
        var words = Words(line);
        return words[0] == "!" || Array.IndexOf(ShellMagics, words[0]) >= 0
            ? words.Length > 1 && (line.IndexOf('>') >= 0 || line.IndexOf('|') >= 0 || line.IndexOf(';') >= 0 || line.IndexOf('&') >= 0
                || !Readers.Contains(words[1]))
            : words[0] is "%cd" or "%pushd" or "%run" or "%store" or "%%bash" or "%%sh" or "%%script" or "%%system"
                or "%%sx" or "%%!" or "%%cache" or "%%R" or "%%perl" or "%%ruby" or "%%julia" or "%cp" or "%mv";
    }
}
