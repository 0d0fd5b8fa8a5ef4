using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace SpotTrainer.Tests.Support;

/// <summary>The built shell, which runs as a user runs it.</summary>
internal sealed partial class ShellProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();

    private ShellProcess(ProcessStartInfo start)
    {
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(error, line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public bool HasExited => process.HasExited;

    public string Output => Text(output);

    public string Error => Text(error);

    /// <summary>Starts the shell without a terminal: all streams are redirected.</summary>
    public static ShellProcess Start(string[] arguments, IDictionary<string, string>? environment = null) =>
        Start(BuildFacts.Shell, arguments, environment);

    /// <summary>Starts another program in the same way.</summary>
    public static ShellProcess Start(string program, string[] arguments, IDictionary<string, string>? environment = null) =>
        new(StartInfo(program, arguments, environment));

    /// <summary>Runs the shell until it ends.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var shell = Start(arguments);
        return (await shell.WaitAsync(), shell.Output, shell.Error);
    }

    /// <summary>Waits until the shell ends, and returns the exit code.</summary>
    public async Task<int> WaitAsync(TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? Limit);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    /// <summary>Waits until the shell has written a text.</summary>
    public async Task WaitForOutputAsync(string text)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            Assert.False(process.HasExited, $"It ended before it wrote '{text}': {Output}{Error}");
            await Task.Delay(20, limit.Token);
        }
    }

    /// <summary>Sends a signal to the shell.</summary>
    public void Signal(PosixSignal signal)
    {
        var number = signal switch
        {
            PosixSignal.SIGINT => 2,
            PosixSignal.SIGTERM => 15,
            PosixSignal.SIGHUP => 1,
            _ => throw new ArgumentOutOfRangeException(nameof(signal)),
        };
        Assert.Equal(0, Kill(process.Id, number));
    }

    /// <summary>Kills the shell without warning, as the system does when it runs out of memory.</summary>
    public void Kill() => process.Kill();

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);

    private static ProcessStartInfo StartInfo(string program, string[] arguments, IDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // PowerShell in the process of the tests adds its own modules to it, which are not the shell's.
        start.Environment.Remove("PSModulePath");
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.Append(CultureInfo.InvariantCulture, $"{line}\n");
            }
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
