using System.Diagnostics;
using System.Text;

namespace SpotTrainer.Rehearsal.Machines;

/// <summary>The Debian and Ubuntu packages that the rehearsal's machines need, and their installation.</summary>
internal static class Prerequisites
{
    private const string ServerPackage = "openssh-server";
    private const string PolicyFile = "/usr/sbin/policy-rc.d";

    /// <summary>A package, and a file that shows that it is installed by whatever means, or null to ask dpkg.</summary>
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

    /// <summary>Returns the packages that are not installed, in a fixed order.</summary>
    public static IReadOnlyList<string> Missing()
    {
        var asked = Packages.Where(package => package.File is null || !File.Exists(package.File)).Select(package => package.Package)
            .ToList();
        if (asked.Count == 0)
        {
            return [];
        }

        string[] lines;
        try
        {
            var (_, output) = RunAsync(
                ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", .. asked], null, CancellationToken.None)
                .GetAwaiter().GetResult();
            lines = output.Split('\n');
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // Without dpkg, only the files show what is installed.
            return asked;
        }

        return [.. asked.Where(package => Packages.Any(known => known.File is not null && string.Equals(known.Package, package, StringComparison.Ordinal))
            || !lines.Contains($"{package} installed", StringComparer.Ordinal))];
    }

    /// <summary>The command line that installs the packages.</summary>
    public static string InstallLine(IReadOnlyList<string> missing) =>
        $"sudo apt-get install -y --no-install-recommends {string.Join(' ', missing)}";

    /// <summary>Whether <see cref="InstallAsync"/> can run: as root, or with passwordless sudo.</summary>
    public static async Task<bool> CanInstallAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists("/usr/bin/apt-get"))
        {
            return false;
        }

        return IsRoot() || (File.Exists("/usr/bin/sudo") && (await RunAsync(["sudo", "-n", "true"], null, cancellationToken)).Status == 0);
    }

    /// <summary>
    /// Installs packages with apt. If this installs sshd, its service is kept from running on this computer: the rehearsal's machines need
    /// only the program, and the user did not ask for an open port.
    /// </summary>
    /// <param name="missing">The result of <see cref="Missing"/>.</param>
    /// <param name="note">Receives what stays changed on this computer, or was kept from changing.</param>
    /// <param name="progress">Receives the progress, one line at a time.</param>
    /// <param name="cancellationToken">Cancels the operation, and interrupts apt if it is running.</param>
    /// <exception cref="InvalidOperationException">
    /// The installation failed. The message has apt's last lines and the command line to run by hand.
    /// </exception>
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
                progress("Updating the package lists");
                await RunAsync([.. prefix, "apt-get", "-o", "DPkg::Lock::Timeout=300", "-q", "update"], progress, cancellationToken);
                (status, output) = await RunAsync(install, progress, cancellationToken);
            }

            if (status != 0)
            {
                var last = string.Join(" | ", output.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(3));
                throw new InvalidOperationException(
                    $"apt-get could not install the rehearsal's packages: {last}\nRun this yourself:  {InstallLine(missing)}");
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

    /// <summary>Keeps the new sshd from starting. Returns the command that undoes the temporary part, if any.</summary>
    private static async Task<string[]?> KeepServerOffAsync(string[] prefix, Action<string> note, CancellationToken cancellationToken)
    {
        if (Directory.Exists("/run/systemd/system"))
        {
            await RequireAsync([.. prefix, "systemctl", "mask", "ssh.service", "ssh.socket"], cancellationToken);
            note("The openssh-server service stays off on this computer. To turn it on, run: sudo systemctl unmask ssh.service ssh.socket");
            return null;
        }

        note("The openssh-server service is not started on this computer.");
        if (File.Exists(PolicyFile))
        {
            return null;
        }

        await RequireAsync(
            [.. prefix, "sh", "-c", $"printf '#!/bin/sh\\nexit 101\\n' > {PolicyFile} && chmod 755 {PolicyFile}"], cancellationToken);
        return [.. prefix, "rm", "-f", PolicyFile];
    }

    /// <summary>Runs a command that must succeed. Otherwise sshd would listen on the user's computer, so nothing is installed.</summary>
    private static async Task RequireAsync(string[] command, CancellationToken cancellationToken)
    {
        var (status, output) = await RunAsync(command, null, cancellationToken);
        if (status != 0)
        {
            throw new InvalidOperationException(
                $"The openssh-server service could not be kept off, so nothing was installed. {output.Split('\n')[0]}");
        }
    }

    private static async Task<(int Status, string Output)> RunAsync(
        string[] command, Action<string>? progress, CancellationToken cancellationToken)
    {
        // setsid: Ctrl+C in the terminal reaches apt only through the code below.
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
            // apt stops a download at once but lets dpkg finish: a half-installed package would be worse than the wait.
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
