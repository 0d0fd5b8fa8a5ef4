using System.Diagnostics;
using System.Text;

namespace SpotTrainer.Rehearsal.Machines;

/// <summary>The Debian and Ubuntu packages of which the rehearsal's machines are made, and their installation.</summary>
internal static class Prerequisites
{
    private const string ServerPackage = "openssh-server";
    private const string PolicyFile = "/usr/sbin/policy-rc.d";

    /// <summary>A package, and a file that shows that it is there however it came (or null: dpkg is asked).</summary>
    private static readonly (string Package, string? File)[] Packages =
    [
        (ServerPackage, "/usr/sbin/sshd"),
        ("openssh-client", "/usr/bin/ssh-keygen"),
        ("bubblewrap", "/usr/bin/bwrap"),
        ("iproute2", null),
        ("socat", "/usr/bin/socat"),
        ("util-linux", "/usr/bin/unshare"),
        ("python3", "/usr/bin/python3"),
        ("curl", "/usr/bin/curl"),
        ("python3-notebook", null),
        ("python3-nbconvert", null),
        ("python3-ipykernel", null),
        ("python3-sklearn", null),
        ("python3-pandas", null),
        ("python3-matplotlib", null),
    ];

    /// <summary>The packages that are not there, in a fixed order.</summary>
    public static IReadOnlyList<string> Missing()
    {
        var asked = Packages.Where(package => package.File is null || !File.Exists(package.File)).Select(package => package.Package).ToList();
        if (asked.Count == 0)
        {
            return [];
        }

        string[] lines;
        try
        {
            var (_, output) = RunAsync(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", .. asked], null, CancellationToken.None)
                .GetAwaiter().GetResult();
            lines = output.Split('\n');
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // No dpkg: only the files can tell.
            return asked;
        }

        return [.. asked.Where(package => Packages.Any(known => known.File is not null && string.Equals(known.Package, package, StringComparison.Ordinal))
            || !lines.Contains($"{package} installed", StringComparer.Ordinal))];
    }

    /// <summary>The one line that installs them.</summary>
    public static string InstallLine(IReadOnlyList<string> missing) =>
        $"sudo apt-get install -y --no-install-recommends {string.Join(' ', missing)}";

    /// <summary>Whether <see cref="InstallAsync"/> can do it: as root, or through sudo without a password.</summary>
    public static async Task<bool> CanInstallAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists("/usr/bin/apt-get"))
        {
            return false;
        }

        return IsRoot() || (File.Exists("/usr/bin/sudo") && (await RunAsync(["sudo", "-n", "true"], null, cancellationToken)).Status == 0);
    }

    /// <summary>
    /// Installs packages with apt. An sshd that comes with it is kept from running on this computer: the machines of the rehearsal need
    /// the program, and nobody asked for an open port.
    /// </summary>
    /// <param name="missing">What <see cref="Missing"/> gave.</param>
    /// <param name="note">Is told what stays changed on this computer, or was kept from changing.</param>
    /// <param name="progress">Is told what happens, a line at a time.</param>
    /// <param name="cancellationToken">Stops between two runs of apt, and ends the one that runs.</param>
    /// <exception cref="InvalidOperationException">It did not work; the message has apt's last lines and the line to run by hand.</exception>
    public static async Task InstallAsync(
        IReadOnlyList<string> missing, Action<string> note, Action<string> progress, CancellationToken cancellationToken)
    {
        if (missing.Count == 0)
        {
            return;
        }

        string[] prefix = IsRoot() ? [] : ["sudo", "-n"];
        var bringsServer = missing.Contains(ServerPackage, StringComparer.Ordinal) && !File.Exists("/usr/sbin/sshd");
        var undo = bringsServer ? await KeepServerOffAsync(prefix, note, cancellationToken) : null;
        try
        {
            string[] install =
            [
                .. prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300", "-q", "install", "-y",
                "--no-install-recommends", .. missing,
            ];
            progress($"Installing {string.Join(", ", missing)}");
            var status = 1;
            var output = "";
            if (HasLists())
            {
                (status, output) = await RunAsync(install, progress, cancellationToken);
            }

            if (status != 0)
            {
                progress("Reading the lists of packages");
                await RunAsync([.. prefix, "apt-get", "-o", "DPkg::Lock::Timeout=300", "-q", "update"], progress, cancellationToken);
                (status, output) = await RunAsync(install, progress, cancellationToken);
            }

            if (status != 0)
            {
                var last = string.Join('\n', output.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(3));
                throw new InvalidOperationException($"apt-get could not install what the rehearsal needs: {last}\nRun this yourself:  {InstallLine(missing)}");
            }
        }
        finally
        {
            if (undo is not null)
            {
                await RunAsync(undo, null, CancellationToken.None);
            }
        }
    }

    private static bool IsRoot() => Environment.IsPrivilegedProcess;

    private static bool HasLists() =>
        Directory.Exists("/var/lib/apt/lists") && Directory.EnumerateFiles("/var/lib/apt/lists", "*Packages*").Any();

    /// <summary>Sees to it that the new sshd does not start; the command that takes back what must not stay, if any.</summary>
    private static async Task<string[]?> KeepServerOffAsync(string[] prefix, Action<string> note, CancellationToken cancellationToken)
    {
        if (Directory.Exists("/run/systemd/system"))
        {
            await RequireAsync([.. prefix, "systemctl", "mask", "ssh.service", "ssh.socket"], cancellationToken);
            note("openssh-server's own service stays off on this computer. To have it: sudo systemctl unmask ssh.service ssh.socket");
            return null;
        }

        note("openssh-server's own service is not started on this computer.");
        if (File.Exists(PolicyFile))
        {
            return null;
        }

        await RequireAsync([.. prefix, "sh", "-c", $"printf '#!/bin/sh\\nexit 101\\n' > {PolicyFile} && chmod 755 {PolicyFile}"], cancellationToken);
        return [.. prefix, "rm", "-f", PolicyFile];
    }

    /// <summary>Without this an sshd would listen on the user's own computer: then nothing is installed.</summary>
    private static async Task RequireAsync(string[] command, CancellationToken cancellationToken)
    {
        var (status, output) = await RunAsync(command, null, cancellationToken);
        if (status != 0)
        {
            throw new InvalidOperationException($"openssh-server's own service could not be kept off, so nothing was installed. {output.Split('\n')[0]}");
        }
    }

    private static async Task<(int Status, string Output)> RunAsync(string[] command, Action<string>? progress, CancellationToken cancellationToken)
    {
        // setsid: a terminal's Ctrl+C reaches apt only as we pass it on.
        var start = new ProcessStartInfo("setsid")
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        Array.ForEach(command, start.ArgumentList.Add);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = new StringBuilder();
        var reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // apt stops a download at once, and lets dpkg finish what it is at: half a package would be worse than the wait.
            string[] interrupt = [.. command.TakeWhile(word => word is "sudo" or "-n"), "kill", "-INT", $"{process.Id}"];
            using var kill = Process.Start(interrupt[0], interrupt.Skip(1));
            await kill.WaitForExitAsync(CancellationToken.None);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }

        await reading;
        return (process.ExitCode, output.ToString());

        async Task ReadAsync(StreamReader reader)
        {
            while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
            {
                lock (output)
                {
                    output.AppendLine(line);
                }

                // Lines such as "(Reading database ..." are a terminal's progress bar.
                if (progress is not null && line.Length > 0 && !line.StartsWith('('))
                {
                    progress(line);
                }
            }
        }
    }
}
