using System.Management.Automation.Language;
using System.Text.RegularExpressions;

namespace SpotTrainer.Shell;

/// <summary>What the command line asks for.</summary>
internal sealed partial class ShellOptions
{
    private const string Help = """
        Runs a PowerShell script with the SpotTrainer module imported. Only the .NET SDK is needed, no PowerShell.

        Usage:
          SpotTrainer.Shell SCRIPT.ps1 [ARGUMENTS]    ARGUMENTS as the script's param() names them: -Name value, -Switch, -Switch:$false
          SpotTrainer.Shell -Command TEXT             runs TEXT
          SpotTrainer.Shell -h                        shows this

        Exit code: the script's own (exit N); 1 after a terminating error, or where the last command of TEXT failed; 130 after Ctrl+C,
        143 after SIGTERM, 129 after SIGHUP; 64 for a wrong command line. Clean-up runs in every case.

        The engine alone has no cmdlets of Microsoft.PowerShell.Utility and Management (Write-Host, Get-ChildItem, ...): scripts for
        this shell use the language, .NET, ForEach-Object, Where-Object, Out-Host and the module's own cmdlets.
        """;

    private ShellOptions()
    {
    }

    /// <summary>What to print in place of running anything.</summary>
    public string? Usage { get; private init; }

    /// <summary>The exit code that goes with <see cref="Usage"/>.</summary>
    public int ExitCode { get; private init; }

    /// <summary>The code to run, which ends with the exit code that the process is to have.</summary>
    public string Text { get; private init; } = string.Empty;

    /// <summary>Reads the command line.</summary>
    public static ShellOptions Parse(string[] args)
    {
        if (args.Length == 0)
        {
            return Wrong("Which script is to run?");
        }

        var first = args[0].TrimStart('-').ToUpperInvariant();
        if (args[0].StartsWith('-'))
        {
            return first switch
            {
                "H" or "HELP" or "?" => new ShellOptions { Usage = Help },
                "C" or "COMMAND" => args.Length > 1
                    ? Command(string.Join(' ', args[1..]))
                    : Wrong("-Command needs the text that is to run."),
                "F" or "FILE" => args.Length > 1 ? Script(args[1], args[2..]) : Wrong("-File needs a script."),
                _ => Wrong($"There is no option {args[0]}."),
            };
        }

        return Script(args[0], args[1..]);
    }

    private static ShellOptions Script(string path, string[] arguments)
    {
        var full = Path.GetFullPath(path);
        if (!File.Exists(full))
        {
            return Wrong($"There is no script {full}.");
        }

        return string.Equals(Path.GetExtension(full), ".ps1", StringComparison.OrdinalIgnoreCase)
            ? new ShellOptions { Text = CallOf(full, arguments) }
            : Wrong($"{full} is not a script: its name must end in .ps1.");
    }

    private static ShellOptions Wrong(string problem) =>
        new() { Usage = $"{problem}{Environment.NewLine}{Environment.NewLine}{Help}", ExitCode = 64 };

    // $? can only be seen by the line that follows: the pipeline as a whole has ended well.
    private static ShellOptions Command(string text) => new() { Text = $"{text}\nif (-not $?) {{ exit 1 }}" };

    /// <summary>
    /// The call as it would be typed. A name stands bare, so that the engine, which knows the script's parameters, says whether it
    /// is a switch or takes the next argument. The call fails by the script's own exit code, or by an error that left the script.
    /// </summary>
    private static string CallOf(string script, string[] arguments) =>
        $"& {Quote(script)} {string.Join(' ', arguments.Select(Token))}\nif (-not $?) {{ if ($LASTEXITCODE) {{ exit $LASTEXITCODE }} exit 1 }}";

    private static string Token(string argument)
    {
        var match = Name().Match(argument);
        if (!match.Success)
        {
            return Quote(argument);
        }

        var value = match.Groups["value"].Value;
        return match.Groups["name"].Value + value.ToUpperInvariant() switch
        {
            "" => string.Empty,
            "$TRUE" or "$FALSE" => value,
            _ => Quote(value),
        };
    }

    private static string Quote(string text) => $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";

    /// <summary>-Name, "-Name:" before a value that follows, or -Name:value.</summary>
    [GeneratedRegex(@"^(?<name>-[\p{L}_]\w*:?)(?<value>(?<=:).*)?$", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
