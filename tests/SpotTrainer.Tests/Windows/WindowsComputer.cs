using System.Diagnostics;
using System.Runtime.InteropServices;
using SpotTrainer.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Windows;

/// <summary>
/// The shell for Windows with the packaged module, in a Wine of its own, and a rehearsal on this Linux, which its processes can join.
/// Nothing is installed or started unless the tests were asked for.
/// </summary>
public sealed class WindowsComputer : IAsyncLifetime
{
    private const string Wine = "/usr/lib/wine/wine64";

    /// <summary>A folder as German users have them: with a space, and a letter that is not ASCII.</summary>
    private const string Home = "Daten Übung";

    /// <summary>A console is needed even though nobody sees it. What a script writes is UTF-8.</summary>
    private const string Run = """exec "$WINE_LOADER" "$WINE_PROGRAM" -File "$WINE_SCRIPT" > "$WINE_OUTPUT" 2> "$WINE_ERROR" """;

    private const string Prologue = """
        [Console]::OutputEncoding = [System.Text.UTF8Encoding]::new($false)
        $ErrorActionPreference = 'Stop'

        """;

    /// <summary>How long a script may take.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    private readonly TemporaryFolder folder = new();
    private ShellProcess? holder;
    private int scripts;

    /// <summary>Whether these tests were asked for.</summary>
    public static bool Wanted => Environment.GetEnvironmentVariable("SPOTTRAINER_WINE") == "1";

    /// <summary>The variables with which another process joins the rehearsal, as Linux needs them.</summary>
    internal IReadOnlyDictionary<string, string> Rehearsal { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The variable that joins it from Windows.</summary>
    internal Dictionary<string, string> Joined => new(StringComparer.Ordinal)
    {
        [SharedRehearsal.Variable] = OnWindows(Rehearsal[SharedRehearsal.Variable]),
    };

    /// <summary>The variables of AWS's own tools alone: the module's state is then where it is for AWS.</summary>
    internal Dictionary<string, string> AsAws => Rehearsal.Where(pair => pair.Key != SharedRehearsal.Variable)
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>The folder of the scripts and their files, <c>C:\Daten Übung</c>.</summary>
    internal string Folder => Path.Combine(Prefix, "drive_c", Home);

    /// <summary>The folder of the drive <c>E:</c>.</summary>
    internal string Drive => folder["drive"];

    internal string Prefix => folder["prefix"];

    private string Program => folder["shell"];

    /// <summary>Skips a test that cannot run here, and says why.</summary>
    internal static void SkipUnlessPossible()
    {
        Assert.SkipUnless(Wanted, "Runs the module as a Windows program for a few minutes: set SPOTTRAINER_WINE=1.");
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/etc/debian_version"), "Needs Debian, whose Wine it installs.");
        Assert.SkipUnless(
            RuntimeInformation.OSArchitecture is System.Runtime.InteropServices.Architecture.X64, "Needs an x86-64 computer.");
    }

    /// <summary>The path of a file of this Linux, as Wine's programs see it.</summary>
    internal static string OnWindows(string path) => "Z:" + path.Replace('/', '\\');

    public async ValueTask InitializeAsync()
    {
        if (!Wanted)
        {
            return;
        }

        await DebianPackages.EnsureAsync("wine64", "bsdutils");
        (await Programs.RunAsync(
            "dotnet", "publish", Path.Combine(BuildFacts.Root, "src", "SpotTrainer.Shell"), "-r", "win-x64", "--self-contained",
            "--artifacts-path", folder["build"], "-o", Program)).Succeeded();
        Directory.Delete(folder["build"], recursive: true);
        await WineAsync("wineboot", "--init");
        await WineAsync("winecfg", "-v", "win81");
        Directory.CreateDirectory(Folder);
        Directory.CreateDirectory(Drive);

        // Wine sees a new drive only when it starts.
        await EndWineAsync();
        File.CreateSymbolicLink(Path.Combine(Prefix, "dosdevices", "e:"), Drive);

        holder = ShellProcess.Start(["-Command", """
            Start-SpotRehearsal us-west-2 -InstallMissing -Wait | ForEach-Object {
                foreach ($entry in $_.Environment.GetEnumerator()) { "$($entry.Key)=$($entry.Value)" }
                'ready'
            }
            """]);
        await holder.WaitForOutputAsync("ready\n");
        Rehearsal = holder.Output.Split('\n').Where(line => line.Contains('=', StringComparison.Ordinal))
            .Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(Prefix))
        {
            await EndWineAsync();
        }

        if (holder is not null)
        {
            holder.Signal(PosixSignal.SIGINT);
            await holder.WaitAsync();
            holder.Dispose();
        }

        folder.Dispose();
    }

    /// <summary>Makes a locale, from which Wine takes the user's culture, and returns the folder that has it.</summary>
    internal async Task<string> LocaleAsync(string name)
    {
        await DebianPackages.EnsureAsync("locales");
        Directory.CreateDirectory(folder["locales"]);
        (await Programs.RunAsync("localedef", "-i", name, "-f", "UTF-8", Path.Combine(folder["locales"], name + ".UTF-8"))).Succeeded();
        return folder["locales"];
    }

    /// <summary>Runs one of Windows' own programs.</summary>
    internal async Task<string> WineAsync(params string[] command) =>
        (await Programs.RunAsync(Describe([Wine, .. command]))).Succeeded();

    /// <summary>Runs a script in the shell for Windows, and returns what it wrote, in lines. An error ends it, and fails.</summary>
    internal async Task<string[]> RunAsync(string script, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Start(script, environment);
        return await process.LinesAsync();
    }

    /// <summary>Starts a script in the shell for Windows.</summary>
    internal WindowsProcess Start(string script, IReadOnlyDictionary<string, string>? environment = null)
    {
        var name = $"script {Interlocked.Increment(ref scripts)}";
        File.WriteAllText(Path.Combine(Folder, name + ".ps1"), (Prologue + script).ReplaceLineEndings("\r\n"));
        var start = Describe("script", "-qec", Run, "/dev/null");
        start.WorkingDirectory = Folder;
        start.Environment["WINE_LOADER"] = Wine;
        start.Environment["WINE_PROGRAM"] = Path.Combine(Program, "SpotTrainer.Shell.exe");
        start.Environment["WINE_SCRIPT"] = $@"C:\{Home}\{name}.ps1";
        start.Environment["WINE_OUTPUT"] = folder[name + ".out"];
        start.Environment["WINE_ERROR"] = folder[name + ".err"];
        start.Environment["SPOTTRAINER_MODULE"] = OnWindows(BuildFacts.Manifest);
        foreach (var (variable, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[variable] = value;
        }

        return new WindowsProcess(start, folder[name + ".out"], folder[name + ".err"]);
    }

    private async Task EndWineAsync()
    {
        await Programs.RunAsync(Describe("/usr/lib/wine/wineserver64", "-k"));
        await Programs.RunAsync(Describe("/usr/lib/wine/wineserver64", "-w"));
    }

    private ProcessStartInfo Describe(params string[] command)
    {
        var start = Programs.Describe(command);
        start.Environment["WINEPREFIX"] = Prefix;
        start.Environment["WINEDEBUG"] = "-all";

        // .NET maps its code twice otherwise, and Wine 8 once crashed on that.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        start.Environment.Remove("DISPLAY");
        start.Environment.Remove("PSModulePath");
        return start;
    }

    /// <summary>A script that runs in the shell for Windows.</summary>
    internal sealed class WindowsProcess(ProcessStartInfo start, string output, string error) : IDisposable
    {
        private readonly Process process = Process.Start(start)!;

        public string Output => Read(output);

        /// <summary>Waits until the script has written a text.</summary>
        public Task WaitForOutputAsync(string text) => Programs.UntilAsync(
            () => Task.FromResult(Output.Contains(text, StringComparison.Ordinal)),
            () => $"It never wrote '{text}': {Output}{Read(error)}");

        /// <summary>Waits for the end, and returns the exit code and all that was written.</summary>
        public async Task<(int ExitCode, string Output, string Error)> EndAsync()
        {
            using var limit = new CancellationTokenSource(Limit);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, Output, Read(error));
        }

        /// <summary>Waits for a good end, and returns the lines that were written.</summary>
        public async Task<string[]> LinesAsync()
        {
            var (code, text, errors) = await EndAsync();
            Assert.True(code == 0, $"exit code {code}\n{text}\n{errors}");
            return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }

        public void Dispose()
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            process.Dispose();
        }

        private static string Read(string path) => File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
    }
}
