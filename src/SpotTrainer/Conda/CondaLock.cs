using System.Text.RegularExpressions;
using SpotTrainer.Foundation;

namespace SpotTrainer.Conda;

/// <summary>
/// The exact packages of a stack, as a text: conda's own list with <c>@EXPLICIT</c> (<c>conda list --explicit --md5</c>), which conda installs
/// without a solver, and above it, as comments, what conda's list does not have: the platform, Python, and what pip has installed.
/// </summary>
internal static class CondaLock
{
    private const string Title = "# Python stack of SpotTrainer, for Install-CondaStack -LockFile. conda reads it, too, without the lines of pip.";
    private const string Explicit = "@EXPLICIT";
    private const string PipWord = "# pip: ";
    private const string PlatformWord = "# platform: ";

    private static readonly Regex Package = new(
        @"\Ahttps?://[^\s#]+\.(conda|tar\.bz2)(#[0-9a-f]{32}|#sha256:[0-9a-f]{64}|#[0-9a-f]{64})?\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    /// <summary>Returns the lock of a stack.</summary>
    public static string Write(CondaStack stack)
    {
        string[] lines =
        [
            Title, PlatformWord + stack.Platform, $"# python: {stack.PythonVersion}",
            .. stack.AllPackages.Where(package => package.Build is null).Select(package => $"{PipWord}{package.Name}=={package.Version}"),
            Explicit,
            .. stack.AllPackages.Where(package => package.Url is not null)
                .Select(package => package.Md5 is { Length: > 0 } hash ? $"{package.Url}#{hash}" : package.Url!),
        ];
        return string.Join("\n", lines) + "\n";
    }

    /// <summary>Reads a lock: the platform, what conda installs, and what pip installs.</summary>
    /// <param name="text">The text of the file, of this module or of <c>conda list --explicit</c>.</param>
    /// <param name="path">The file, for the error.</param>
    /// <exception cref="SpotTrainerException"><c>LockInvalid</c>.</exception>
    public static (string Platform, string Explicit, IReadOnlyList<string> Pip) Read(string text, string path)
    {
        var lines = text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).ToArray();
        string Value(string line, string word) => line.Substring(word.Length).Trim();
        var platform = lines.Where(line => line.StartsWith(PlatformWord, StringComparison.Ordinal)).Select(line => Value(line, PlatformWord)).FirstOrDefault();
        var packages = lines.Where(line => line[0] is not '#' and not '@').ToArray();
        var bad = Array.Find(packages, line => !Package.IsMatch(line));
        return platform is null || !lines.Contains(Explicit, StringComparer.Ordinal) || packages.Length == 0 || bad is not null
            ? throw new SpotTrainerException("LockInvalid", ErrorKind.InvalidData,
                bad is null ? $"{path} is no lock: it has no platform, or no @EXPLICIT list." : $"{path} is no lock: '{bad}' is no address of a package.",
                "Use a file that Export-CondaLock or 'conda list --explicit --md5' has written.", path)
            : (platform, string.Join("\n", [Explicit, .. packages]),
                lines.Where(line => line.StartsWith(PipWord, StringComparison.Ordinal)).Select(line => Value(line, PipWord)).ToArray());
    }
}
