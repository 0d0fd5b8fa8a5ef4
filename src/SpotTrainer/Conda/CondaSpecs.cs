using System.Text.RegularExpressions;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Conda;

/// <summary>
/// Conda's specifications of packages (MatchSpec in conda's documentation): which ones are asked for, and which texts are none. Everything
/// is refused before anything is sent: a word that begins with a dash would be an option of conda.
/// </summary>
internal static class CondaSpecs
{
    private const RegexOptions Options = RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    /// <summary>Packages on conda-forge that have builds for CUDA, whose names begin with <c>cuda</c>.</summary>
    private static readonly HashSet<string> ForGpu = new(StringComparer.Ordinal)
    {
        "lightgbm", "pytorch", "xgboost", "py-xgboost", "tensorflow", "jaxlib", "catboost", "faiss", "cupy",
    };

    private static readonly Regex Spec = new(
        @"\A([\w./-]+::)?(?<name>[A-Za-z0-9_][\w.-]*)(?<version>\s*[=<>!~][\w.*+!=<>~,| ]*[\w.*+])?(\[[^\[\]\r\n]*\])?\z", Options,
        TimeSpan.FromSeconds(1));

    private static readonly Regex PipLine = new(
        @"\A(?<name>[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?)(\s*\[[\w., -]*\])?\s*(([=<>!~]=?|===)[^;#@]*|@\s*https?://\S+)?(\s*;[^#]*)?(\s--hash=\S+)*\s*(#.*)?\z",
        Options, TimeSpan.FromSeconds(1));

    private static readonly Regex Channel = new(@"\A[A-Za-z0-9][\w.:/@%+-]*\z", Options, TimeSpan.FromSeconds(1));
    private static readonly Regex PythonVersion = new(@"\A[=<>!~]{0,2}3(\.[\d*]+)*(,[<>=!~]{1,2}3(\.[\d*]+)*)*\z", Options, TimeSpan.FromSeconds(1));
    private static readonly Regex EnvironmentName = new(@"\A[A-Za-z0-9][\w.-]*\z", Options, TimeSpan.FromSeconds(1));
    private static readonly Regex Prefix = new(@"\A~?(/[A-Za-z0-9_.+][A-Za-z0-9_.+-]*)+\z", Options, TimeSpan.FromSeconds(1));

    /// <summary>Folders of the module that are not for stacks.</summary>
    private static readonly string[] Taken = [MachineLayout.Data, MachineLayout.Jobs, MachineLayout.Control, MachineLayout.Jupyter];

    /// <summary>Returns what conda is asked for: the packages, and what jobs need.</summary>
    public static IReadOnlyList<string> Of(CondaRequest request)
    {
        if (request.Lock is not null)
        {
            return [];
        }

        var named = new HashSet<string>(request.Packages.Select(NameOf), StringComparer.OrdinalIgnoreCase);
        var more = CondaRequest.ForJobs.Concat(request.PipPackages.Count > 0 ? ["pip"] : []).Where(name => !named.Contains(name));
        var python = request.Python is { } version
            ? ["python" + (version[0] is '=' or '<' or '>' or '!' or '~' ? version : "=" + version)] : Array.Empty<string>();
        return [.. python, .. request.Packages.Select(spec => request.Gpu && ForGpu.Contains(spec) ? spec + "=*=cuda*" : spec), .. more];
    }

    /// <summary>Returns the name of a specification, without channel and version.</summary>
    public static string NameOf(string spec) => Spec.Match(spec) is { Success: true } match ? match.Groups["name"].Value : spec;

    /// <summary>Returns the name of a line of a requirements file.</summary>
    public static string NameOfPip(string line) => PipLine.Match(line) is { Success: true } match ? match.Groups["name"].Value : line;

    /// <summary>Refuses what cannot be meant.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>PackageNameInvalid</c>, <c>ChannelInvalid</c>, <c>PrefixInvalid</c>, <c>StackNameInvalid</c>, <c>PythonVersionInvalid</c>.
    /// </exception>
    public static void Require(CondaRequest request)
    {
        if (!Prefix.IsMatch(request.Prefix) || request.Prefix.Split('/').Any(part => part is "." or "..")
            || Array.Exists(Taken, folder => $"{request.Prefix}/".StartsWith($"{folder}/", StringComparison.Ordinal)))
        {
            throw new SpotTrainerException("PrefixInvalid", ErrorKind.InvalidArgument,
                $"The stack cannot be installed to '{request.Prefix}': it needs a folder of its own, without spaces, quotes, or variables in its path.",
                "Use a -Prefix such as ~/conda or /opt/conda, with letters, digits, dots, dashes, and underscores.",
                request.Prefix);
        }

        if (request.Name is { } name && (!EnvironmentName.IsMatch(name) || name == "base"))
        {
            throw new SpotTrainerException("StackNameInvalid", ErrorKind.InvalidArgument, $"'{name}' cannot be the name of an environment.",
                "Use letters, digits, dots, dashes, and underscores for -Name. The base has no -Name.", name);
        }

        if (request.Python is { } python && !PythonVersion.IsMatch(python))
        {
            throw new SpotTrainerException("PythonVersionInvalid", ErrorKind.InvalidArgument, $"'{python}' is not a version of Python 3.",
                "Use a version such as 3.12, or a range such as '>=3.11,<3.13'.", python);
        }

        foreach (var spec in request.Packages.Where(spec => !Spec.IsMatch(spec)))
        {
            throw new SpotTrainerException("PackageNameInvalid", ErrorKind.InvalidArgument, $"'{spec}' is not the name of a package.",
                "Use conda's names, also with a version: pandas, pandas=2.2, 'pandas>=2.1,<3', conda-forge::pandas.", spec);
        }

        foreach (var line in request.PipPackages.Where(line => !PipLine.IsMatch(line)))
        {
            throw new SpotTrainerException("PackageNameInvalid", ErrorKind.InvalidArgument, $"'{line}' is nothing that pip can install on the host.",
                "Use names on PyPI, also with a version: timm, timm==1.0.9, 'name @ https://...'. Options and local paths are not possible: send the "
                + "files with Send-TrainingData, and install them with Invoke-TrainingCommand.", line);
        }

        foreach (var channel in request.Channels.Where(channel => !Channel.IsMatch(channel)))
        {
            throw new SpotTrainerException("ChannelInvalid", ErrorKind.InvalidArgument, $"'{channel}' is not a channel of conda.",
                "Use a name such as conda-forge, or the address of a channel.", channel);
        }
    }
}
