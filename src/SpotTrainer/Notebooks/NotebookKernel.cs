namespace SpotTrainer.Notebooks;

/// <summary>The kernel that a notebook names, as its file has it.</summary>
/// <param name="Name">Its name, such as <c>python3</c>; empty if there is none.</param>
/// <param name="DisplayName">Its name for users; empty if there is none.</param>
/// <param name="Language">The language in lower case.</param>
/// <param name="LanguageVersion">The version of the language that last ran it; empty if there is none.</param>
internal sealed record NotebookKernel(string Name, string DisplayName, string Language, string LanguageVersion)
{
    public const string Python = "python";

    /// <summary>
    /// Whether Python 3 runs it. The name alone says nothing: environments have kernels of their own, which hosts do not need.
    /// </summary>
    public bool IsPython => Language == Python && !IsPython2;

    /// <summary>The language for a user, with the version if it matters.</summary>
    public string Title => IsPython2 ? "Python 2" : Language switch
    {
        "python" => "Python", "r" => "R", "julia" => "Julia", "scala" => "Scala", "bash" => "Bash", "javascript" => "JavaScript",
        _ => Language,
    };

    private bool IsPython2 => Language == Python && (Name == "python2" || LanguageVersion.StartsWith("2.", StringComparison.Ordinal));

    /// <summary>
    /// Makes a kernel of what a file says. A file that names no language has one that its kernel's name tells, else Python.
    /// </summary>
    public static NotebookKernel Of(string name, string displayName, string kernelLanguage, string language, string version)
    {
        var said = (kernelLanguage.Length > 0 ? kernelLanguage : language).ToLowerInvariant();
        return new NotebookKernel(name, displayName, said switch
        {
            "" => name is "ir" ? "r" : name.StartsWith("julia-", StringComparison.Ordinal) ? "julia" : name is "bash" ? "bash" : Python,
            "ipython" or "python3" or "python2" => Python,
            _ => said,
        }, said == "python2" ? "2." : version);
    }
}
