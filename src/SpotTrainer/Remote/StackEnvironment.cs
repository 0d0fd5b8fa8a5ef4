using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>
/// How a command on a host gets the Python stack that is installed there: its environment is activated, as <c>conda activate</c> does it, but
/// without starting conda, which takes longer than most commands. Whoever installs a stack writes the files, for any shell that POSIX
/// describes.
/// </summary>
internal static class StackEnvironment
{
    /// <summary>Activates the default stack of a user. It is readable by that user alone.</summary>
    public const string DefaultFile = "~/.config/spottrainer/env.sh";

    /// <summary>Activates the stack in whose folder it is.</summary>
    public const string OwnFile = ".spottrainer/activate.sh";

    /// <summary>A line for a POSIX shell that activates the default stack, if there is one. What that prints is no output of a command.</summary>
    public const string ActivateDefault = $"[ ! -r {DefaultFile} ] || . {DefaultFile} >&2";

    /// <summary>Returns lines for a POSIX shell that activate a stack. One that the module did not install only gets into the path.</summary>
    /// <param name="prefix">The folder of the stack, which may begin with <c>~/</c>.</param>
    public static string Activate(string prefix)
    {
        var own = ShellText.QuotePath($"{prefix}/{OwnFile}");
        return $"if [ -r {own} ]; then . {own} >&2; else export PATH={ShellText.QuotePath(prefix + "/bin")}:\"$PATH\"; fi";
    }
}
