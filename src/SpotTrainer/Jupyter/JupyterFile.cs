namespace SpotTrainer.Jupyter;

/// <summary>One of Jupyter's files on a host.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="Text">Its content.</param>
/// <param name="Home">The user's home folder.</param>
internal sealed record JupyterFile(string Path, string Text, string Home)
{
    /// <summary>Its path as messages show it.</summary>
    public string Shown => Path.StartsWith(Home + "/", StringComparison.Ordinal) ? "~" + Path.Substring(Home.Length) : Path;

    public bool IsJson => Path.EndsWith(".json", StringComparison.Ordinal);

    public bool IsPython => Path.EndsWith(".py", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Shown;
}
