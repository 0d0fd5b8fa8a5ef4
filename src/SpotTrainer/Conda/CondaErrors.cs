using System.Text.Json;
using System.Text.RegularExpressions;
using SpotTrainer.Foundation;
using SpotTrainer.Notebooks;
using SpotTrainer.Remote;

namespace SpotTrainer.Conda;

/// <summary>
/// The errors of installing a stack: those of install_conda.sh, whose words come first, and conda's own, which its JSON names after the
/// classes in conda/exceptions.py.
/// </summary>
internal static class CondaErrors
{
    private const string Terms = "https://www.anaconda.com/legal";

    /// <summary>The exit code of a program that the kernel has killed for its memory (128 + SIGKILL).</summary>
    private const string Killed = "137";

    private const int LongestQuote = 500;

    /// <summary>conda writes <c>pandas[version='>=99']</c> for <c>pandas>=99</c>.</summary>
    private static readonly Regex Bracket = new(
        @"\[(.*,)?version='?(?<version>[^'\]]*)'?(,.*)?\]", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    /// <summary>How libmamba's solver, and the classic one, name what no channel or no machine has.</summary>
    private static readonly Regex Missing = new(
        @"^\s*- nothing provides (requested )?(?<name>[^\r\n]+?)( needed by [^\r\n]+)?\r?$"
            + @"|[└├]─ (?<name>((?!, which)[^\r\n])+?)( \*)?(, which)? (does not exist|is missing on the system)"
            + @"|-> (?<name>__\w+(\[[^\]]*\])?)\s+Your installed version is: not available",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.Multiline, TimeSpan.FromSeconds(1));

    /// <summary>How libmamba's solver says that packages are there, and do not go together.</summary>
    private static readonly Regex Conflict = new(
        @"^\s*- package \S+ requires ", RegexOptions.CultureInvariant | RegexOptions.Multiline, TimeSpan.FromSeconds(1));

    /// <summary>The host's report cannot be read.</summary>
    public static SpotTrainerException Damaged(Exception? inner = null) => new(
        "StackReportDamaged", ErrorKind.InvalidData, "The host's report about its Python stack is damaged.",
        "Try again. If the error persists, do not trust this host.", inner: inner);

    /// <summary>The script ended without a word: something else has ended it.</summary>
    public static SpotTrainerException Ended(TrainingHost host, int exitCode) => exitCode == 137 ? OutOfMemory(host) : new(
        "InstallationEnded", ErrorKind.InvalidResult, $"The installation on {host} was ended from outside (exit code {exitCode}).",
        "Try again: it goes on, or starts over where it must.", host);

    /// <summary>Returns the error for the script's end.</summary>
    /// <param name="host">The host.</param>
    /// <param name="request">What was to be installed.</param>
    /// <param name="end">The kind, and what the script says of it.</param>
    /// <param name="answer">What conda has printed.</param>
    public static SpotTrainerException From(TrainingHost host, CondaRequest request, string end, JsonElement? answer)
    {
        var space = end.IndexOf(' ');
        var (kind, text) = space < 0 ? (end, string.Empty) : (end.Substring(0, space), end.Substring(space + 1).Trim());
        return kind switch
        {
            "denied" => new("StackFolderDenied", ErrorKind.PermissionDenied, $"{host.UserName} may not write to {text} on {host}.",
                "Use a -Prefix in the home folder.", host),
            "missing" => new("ProgramMissing", ErrorKind.NotInstalled, $"{host} has no {text}, which the installation needs.",
                $"Install it with Invoke-TrainingCommand -Sudo, for example: apt-get install -y {text}", host),
            "full" => Full(host, text),
            "foreign" => new("StackFolderForeign", ErrorKind.ResourceExists, $"{text} on {host} was not made by Install-CondaStack, so it is left as it is.",
                "Use another -Prefix, or move that folder away.", host),
            "differs" => new("StackDiffers", ErrorKind.ResourceExists, $"{request.Prefix} on {host} was made with {text}, not with what you ask for.",
                "Use another -Prefix, or -Force, which deletes that stack with its environments and builds a new one.", host),
            "architecture" => new("InstallerUnknown", ErrorKind.ObjectNotFound,
                $"No SHA-256 is known for the installer {text.Split(' ').Last()} ({host} is {text.Split(' ')[0]}).",
                "Use a -Version that tab completion offers, or pass the hash from the publisher's page with -Sha256.", host),
            "absent" => new("InstallerNotFound", ErrorKind.ObjectNotFound, $"There is no {text} (HTTP 404).",
                "Check -Distribution and -Version, or -CondaMirror, which must be a folder with the installers themselves.", text),
            "refused" => new("InstallerRefused", ErrorKind.ResourceUnavailable,
                $"The server answers HTTP {text.Split(' ')[0]} to {text.Split(' ').Last()}.",
                "Try again later, or use a -CondaMirror.", text.Split(' ').Last()),
            "slow" => new("InstallerSlow", ErrorKind.OperationTimeout,
                $"The download of {text} came to a halt: it did not connect in 10 s, or sent less than 1 KB/s for 30 s.",
                "Try again, or use a -CondaMirror.", text),
            "huge" => new("InstallerInvalid", ErrorKind.InvalidData, $"{text} has more than 4 GiB, and no installer is that large.",
                "Check -CondaMirror.", text),
            "unreachable" => new("InstallerUnreachable", ErrorKind.ConnectionError, $"{host} cannot reach {text}",
                "Check the address, and that the host has a way to the Internet. -CondaMirror uses another server.", host),
            "page" => new("InstallerInvalid", ErrorKind.InvalidData, $"{text} is a page, not an installer. It may be the sign-in page of a network.",
                "Open the address in a browser, and check -CondaMirror.", text),
            "torn" => new("InstallerInvalid", ErrorKind.InvalidData, $"{text} arrived torn: it is not what its own header says. Nothing of it was run.",
                "Try again. If the error persists, use another -CondaMirror.", text),
            "changed" => new("InstallerHashMismatch", ErrorKind.SecurityError,
                $"{text.Split(' ').Last()} has the SHA-256 {text.Split(' ')[0]}, not {text.Split(' ').ElementAtOrDefault(1)}. Nothing of it was run.",
                "Check -CondaMirror and -Sha256. If the file comes from the official address, do not use it.", text.Split(' ').Last()),
            "installer" when text.Contains("Not enough free disk space") => Full(host, request.Prefix),
            "installer" => text.StartsWith(Killed + " ", StringComparison.Ordinal) ? OutOfMemory(host) : new(
                "InstallerFailed", ErrorKind.InvalidResult, $"The installer failed on {host} with exit code {Quote(text)}",
                "Try again: what it left is deleted first. -Verbose shows what it says.", host),
            "unsound" => new("StackBroken", ErrorKind.InvalidResult, $"The stack in {Quote(text)} on {host} does not run.",
                "Try again, or rebuild it with -Force.", host),
            "gpu" => new("GpuDriverMissing", ErrorKind.NotInstalled, $"{host} has no NVIDIA driver, so conda has no packages for a GPU.",
                "Use an instance with a GPU and an image with its driver (-Image deep-learning), or omit -Gpu.", host),
            "platform" => new("LockForOtherPlatform", ErrorKind.InvalidArgument,
                $"The lock file is for {text.Split(' ')[0]}, and {host} is {text.Split(' ').Last()}.",
                "Use an instance of the other architecture, or install the packages by their names and export a new lock.", host),
            "pip" => Pip(host, text),
            "conda" => Conda(host, request, text, answer),
            _ => Damaged(),
        };
    }

    /// <summary>Returns the error for packages that are there, and that Python cannot import.</summary>
    public static SpotTrainerException NotImported(CondaStack stack, IReadOnlyList<(string Module, string Error)> errors) => new(
        "PackageImportFailed", ErrorKind.InvalidResult,
        $"The stack on {stack.Instance} is installed, but Python cannot import {string.Join("; ", errors.Select(one => $"{one.Module} ({Quote(one.Error)})"))}.",
        "Install what is missing, or use another version. The stack stays as it is.", stack.Instance) { Result = stack };

    private static SpotTrainerException Conda(TrainingHost host, CondaRequest request, string text, JsonElement? answer)
    {
        var code = text.Split(' ')[0];

        // Each error of a download comes as one of several.
        if (answer is { ValueKind: JsonValueKind.Object } all && all.TryGetProperty("errors", out var several)
            && several.ValueKind == JsonValueKind.Array && several.GetArrayLength() > 0)
        {
            answer = several[0].Clone();
        }

        string? Field(string name) => answer is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        var name = Field("exception_name") ?? string.Empty;
        var message = Field("message") is { Length: > 0 } said ? said : Field("error") ?? text.Substring(code.Length);
        bool Is(params string[] names) => Array.Exists(names, one => name.StartsWith(one, StringComparison.Ordinal)
            || name.EndsWith(one, StringComparison.Ordinal));
        var missing = Packages(answer);
        if (missing.Count == 0 && !Conflict.IsMatch(message) && name.EndsWith("UnsatisfiableError", StringComparison.Ordinal))
        {
            missing = Missing.Matches(message).Cast<Match>().Select(match => match.Groups["name"].Value.Trim()).Distinct(StringComparer.Ordinal).ToArray();
        }

        return name switch
        {
            _ when code == Killed || Is("CondaMemoryError") => OutOfMemory(host),
            _ when message.Contains("No space left on device") => Full(host, request.Prefix),
            _ when missing.Count > 0 && (Is("PackagesNotFound", "PackageNotInstalled") || name.EndsWith("UnsatisfiableError", StringComparison.Ordinal)) =>
                NotFound(host, request, missing),
            _ when Is("UnsatisfiableError", "SpecsConfigurationConflictError") => new("PackagesConflict", ErrorKind.InvalidArgument,
                $"conda cannot install these packages together: {Quote(message)}",
                "Ask for other versions or fewer packages, or install some of them into an environment of their own with -Name.", host),
            _ when Is("CondaToS") => new("AnacondaTermsNotAccepted", ErrorKind.PermissionDenied,
                $"{(request.Channels.Count == 1 ? $"The channel {request.Channels[0]} has" : $"The channels {string.Join(", ", request.Channels)} have")} Anaconda's terms of service, which nobody has accepted ({Terms}).",
                "Use -Channel conda-forge, which has no terms. Or read the terms, and use -AcceptAnacondaTerms.", Terms),
            _ when Is("UnavailableInvalidChannel", "ChannelNotAllowed", "ChannelDenied", "NoChannelsConfiguredError") => new(
                "ChannelNotFound", ErrorKind.ObjectNotFound, $"conda cannot use the channel: {Quote(message)}", "Check -Channel.",
                string.Join(", ", request.Channels)),
            _ when Is("NoSpaceLeftError") => Full(host, request.Prefix),
            _ when Is("CondaHTTPError", "CondaSSLError", "ProxyError", "OfflineError", "ChecksumMismatchError", "CondaVerificationError", "ConnectionError") => new(
                "PackagesUnreachable", ErrorKind.ConnectionError, $"conda on {host} cannot download the packages: {Quote(message)}",
                "Check that the host has a way to the Internet, and try again: what is already there is kept.", host),
            _ when Is("LockError") => new("StackLocked", ErrorKind.ResourceBusy, $"Another conda is at work in {request.Prefix} on {host}: {Quote(message)}",
                "Wait until it has ended, and try again.", host),
            _ when Is("NotWritableError") => new("StackFolderDenied", ErrorKind.PermissionDenied, $"conda may not write on {host}: {Quote(message)}",
                "Use a -Prefix in the home folder.", host),
            _ when Is("InvalidMatchSpec", "InvalidVersionSpec", "InvalidSpec") || message.Contains("InvalidVersionSpec") => new("PackageNameInvalid", ErrorKind.InvalidArgument,
                $"conda does not understand a package: {Quote(message)}", "Check -Package.", host),
            _ => new("CondaFailed", ErrorKind.InvalidResult, $"conda failed on {host} with exit code {code}: {Quote(message)}",
                "Fix what the message names, and try again. -Verbose shows more.", host),
        };
    }

    private static SpotTrainerException NotFound(TrainingHost host, CondaRequest request, IReadOnlyList<string> missing)
    {
        var shown = missing.Select(Readable).ToArray();
        if (shown.FirstOrDefault(one => one.StartsWith("__cuda", StringComparison.Ordinal)) is { } driver)
        {
            return new SpotTrainerException("GpuDriverMissing", ErrorKind.NotInstalled,
                $"These packages want an NVIDIA driver ({driver}), which {host} does not have.",
                "Use an instance with a GPU and an image with its driver, or ask for the builds without CUDA, such as 'lightgbm=*=cpu*'.", host);
        }

        var names = string.Join(", ", shown);
        var hints = string.Concat(shown.Select(one => ImportNames.Meant(one) is { } meant ? $"Use {meant.Conda} for {one}. " : string.Empty));
        var isVersion = shown.All(one => one.IndexOfAny([' ', '=', '<', '>']) > 0);
        return new SpotTrainerException("PackagesNotFound", ErrorKind.ObjectNotFound,
            isVersion ? $"conda has no such version of these packages: {names}." : $"conda cannot find these packages: {names}.",
            hints + (host.Where == "rehearsal" ? "A rehearsal has only the packages of this computer's Python."
                : $"Check the {(isVersion ? "versions" : "names")}, or use another -Channel than {string.Join(", ", request.Channels)}. "
                    + "What is only on PyPI goes into -PipPackage."), names);
    }

    private static SpotTrainerException Pip(TrainingHost host, string text)
    {
        var code = text.Split(' ')[0];
        return code == Killed ? OutOfMemory(host) : text.Contains("No matching distribution found for ") ? new SpotTrainerException(
                "PackagesNotFound", ErrorKind.ObjectNotFound,
                $"pip cannot find {TerminalText.Line(text.Substring(text.IndexOf("found for ", StringComparison.Ordinal) + 10).Split('\n')[0])}.",
                "Check the name and the version on https://pypi.org, and that it has a build for the host's Python.", host)
            : new SpotTrainerException("PipFailed", ErrorKind.InvalidResult, $"pip failed on {host} with exit code {Quote(text)}",
                "Fix what the message names, and try again. -Verbose shows more.", host);
    }

    private static SpotTrainerException Full(TrainingHost host, string place) => new(
        "HostDiskFull", ErrorKind.LimitsExceeded, $"There is no room left for {place} on {host}.",
        "Delete what you do not need there, or launch an instance with a larger -DiskGiB.", host);

    private static SpotTrainerException OutOfMemory(TrainingHost host) => new(
        "HostOutOfMemory", ErrorKind.LimitsExceeded, $"{host} has too little memory: the kernel has ended the installation (signal 9).",
        "Use an instance with more memory (-MinMemoryGiB), or ask for fewer packages. Solving takes about 1 GiB.", host);

    private static IReadOnlyList<string> Packages(JsonElement? answer) =>
        answer is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("packages", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.String).Select(one => one.GetString()!).Take(20).ToArray() : [];

    private static string Readable(string spec) => TerminalText.Line(Bracket.Replace(spec, " ${version}").Trim());

    private static string Quote(string text) => ErrorTranslation.Shorten(
        string.Join(" ", text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)), LongestQuote);
}
