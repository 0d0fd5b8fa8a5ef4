using System.Diagnostics;
#if NET
using System.Runtime.InteropServices;
#endif
using System.Text;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>
/// A terminal on a host, by the system's ssh in the user's console. ssh gets a configuration of its own, so that no other can lead it
/// elsewhere or make it ask. The files are deleted with this object.
/// </summary>
internal sealed class HostTerminal : IDisposable
{
    /// <summary>ssh's exit code for its own failures. Any other is that of the remote shell.</summary>
    private const int OwnFailure = 255;

    private readonly TrainingHost host;
    private readonly string program;
    private readonly string alias;
    private readonly string folder = Path.Combine(Path.GetTempPath(), "spottrainer-ssh-" + Path.GetRandomFileName());

    private HostTerminal(TrainingHost host, string program)
    {
        (this.host, this.program) = (host, program);
        alias = AliasOf(host);
    }

    private string ConfigPath => Path.Combine(folder, "config");

    /// <summary>Throws if nobody could type.</summary>
    /// <exception cref="SpotTrainerException"><c>NoTerminal</c>.</exception>
    public static void RequireConsole(TrainingHost host)
    {
        if (!Platform.IsInteractive || Console.IsOutputRedirected)
        {
            throw new SpotTrainerException("NoTerminal", ErrorKind.InvalidOperation,
                $"There is no terminal in which {host} could be entered: this session is not interactive, or its input or output is "
                + "redirected.",
                "Run commands with Invoke-TrainingCommand, or enter the host at a PowerShell prompt.", host);
        }
    }

    /// <summary>Checks everything that ssh needs, and connects once to verify the host key.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>SshMissing</c>, <c>KeyIsPutty</c>, <c>SshValueInvalid</c>, and the errors of connecting.
    /// </exception>
    public static async Task<HostTerminal> PrepareAsync(TrainingHost host, StepContext context, CancellationToken cancellationToken)
    {
        var terminal = new HostTerminal(host, RequireProgram(host));
        try
        {
            await terminal.WriteAsync(context, cancellationToken);
            return terminal;
        }
        catch
        {
            terminal.Dispose();
            throw;
        }
    }

    /// <summary>Runs ssh until the user leaves the terminal, and returns the exit code of the remote shell.</summary>
    /// <param name="ended">Receives ssh's exit code, also if it is a failure.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Ends ssh. Ctrl+C in the terminal does not come here: it goes to the remote program.</param>
    /// <exception cref="SpotTrainerException"><c>SshFailed</c>, or why the host is gone.</exception>
    public async Task RunAsync(Action<int> ended, StepContext context, CancellationToken cancellationToken)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, InstalledProgram.Arguments("-F", ConfigPath, alias)) { UseShellExecute = false },
            EnableRaisingEvents = true,
        };
        var exited = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => exited.TrySetResult(true);
        process.Start();
        using (cancellationToken.Register(() => End(process)))
        {
            await exited.Task;
        }

        ended(process.ExitCode);
        cancellationToken.ThrowIfCancellationRequested();
        if (process.ExitCode == OwnFailure)
        {
            throw await HostFinder.Current.WhyGoneAsync(host, context.Time, cancellationToken)
                ?? new SpotTrainerException("SshFailed", ErrorKind.ConnectionError,
                    $"ssh ended with exit code 255: the connection to {host} failed or was lost. The lines above say why.",
                    "Check the host with Invoke-TrainingCommand, and enter it again.", host);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string AliasOf(TrainingHost host) => SshHost.ToAlias(host.Label) is { Length: > 0 } name ? name : "host";

    private static string RequireProgram(TrainingHost host) => InstalledProgram.Find(
        "ssh", Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.System), "OpenSSH"))
        ?? throw new SpotTrainerException("SshMissing", ErrorKind.NotInstalled,
            "OpenSSH's ssh is not installed, or is not on the PATH.",
            Platform.IsWindows ? "As administrator, run: Add-WindowsCapability -Online -Name OpenSSH.Client~~~~0.0.1.0"
                : Platform.IsMacOS ? "It is part of macOS: add /usr/bin to the PATH."
                : "Install it, on Debian and Ubuntu with: sudo apt-get install -y openssh-client", host);

    /// <summary>Writes the configuration: the host, and each jump host on the way to it.</summary>
    private async Task WriteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var knownHosts = Path.Combine(folder, "known_hosts");
        var (config, keys) = (new StringBuilder(), new StringBuilder());
        var name = alias;
        for (var (one, count) = (host, 1); one is not null; one = one.JumpHost, count++)
        {
            var next = FormattableString.Invariant($"{alias}-jump-{count}");
            var entry = await SshHost.FromAsync(name, one, context, cancellationToken);
            config.Append(
                entry.ConfigBlock(knownHosts, one.JumpHost is null ? null : SshHost.ProxyCommand(program, ConfigPath, next)));
            keys.Append(entry.KnownHostsLine());
            name = next;
        }

        PrivateFile.Write(knownHosts, Encoding.UTF8.GetBytes(keys.ToString()), overwrite: false);
        PrivateFile.Write(ConfigPath, Encoding.UTF8.GetBytes(config.ToString()), overwrite: false);
    }

    /// <summary>Ends ssh. At SIGTERM, it leaves the console as it was.</summary>
    private static void End(Process process)
    {
#if NET
        if (!OperatingSystem.IsWindows())
        {
            const int Terminate = 15;
            _ = process.HasExited || Kill(process.Id, Terminate) == 0;
            return;
        }
#endif
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }

#if NET
    /// <summary>POSIX kill(2).</summary>
    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
#endif
}
