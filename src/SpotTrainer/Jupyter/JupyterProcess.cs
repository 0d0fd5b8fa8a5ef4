using System.Globalization;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Starts and stops Jupyter servers.</summary>
internal static class JupyterProcess
{
    /// <summary>The scripts' exit code for a step that was left out before.</summary>
    private const int NotReady = 3;

    /// <summary>The starting script's exit code for a server that runs with an older password and certificate.</summary>
    private const int OldSecurity = 4;

    /// <summary>The starting script's exit code for a server that runs, but whose port is open where it should not be, or the reverse.</summary>
    private const int OtherAddress = 5;

    /// <summary>The starting script's exit code for a certificate that is not for the address.</summary>
    private const int OtherCertificate = 6;

    /// <summary>Starts a server, unless it runs, and waits until it answers.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="prefix">The folder of the Python stack.</param>
    /// <param name="port">The port; a server that runs keeps its own.</param>
    /// <param name="openPort">Whether it listens on the machine's own address, too; then its certificate must be for that one.</param>
    /// <param name="context">Where it tells.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<JupyterServer> StartAsync(
        TrainingHost host, string prefix, int port, bool openPort, StepContext context, CancellationToken cancellationToken)
    {
        var activity = $"Starting Jupyter on {host}";
        context.Log.Progress(activity, "waiting until it answers");
        try
        {
            var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
            var result = await connection.RunAsync(
                string.Format(
                    CultureInfo.InvariantCulture, "sh -s -- {0} {1} {2}", ShellText.Quote(prefix), port, openPort ? ShellText.Quote(host.HostName) : string.Empty), cancellationToken, EmbeddedScript.Read("start_jupyter.sh"));
            if (result.ExitCode == NotReady)
            {
                throw new SpotTrainerException("JupyterNotSecured", ErrorKind.InvalidOperation, $"Jupyter on {host} has no password or no certificate yet.",
                    "Run Set-JupyterSecurity first.", host);
            }

            if (result.ExitCode == OldSecurity)
            {
                throw new SpotTrainerException("JupyterRunning", ErrorKind.InvalidOperation,
                    $"Jupyter runs on {host} with the password and certificate that it had before.", "End it first with Stop-JupyterServer.", host);
            }

            if (result.ExitCode == OtherAddress)
            {
                throw new SpotTrainerException("JupyterRunning", ErrorKind.InvalidOperation,
                    $"Jupyter runs on {host}, and was started {(openPort ? "without" : "with")} -OpenPort.",
                    "End it first with Stop-JupyterServer.", host);
            }

            if (result.ExitCode == OtherCertificate)
            {
                throw new SpotTrainerException("JupyterNotSecured", ErrorKind.InvalidOperation, $"Jupyter's certificate on {host} is not for the address {host.HostName}.",
                    "Run Set-JupyterSecurity on the instance again.", host);
            }

            if (result.ExitCode != 0)
            {
                throw RemoteErrors.CommandFailed(host, "Starting Jupyter", result);
            }

            var lines = result.Output.Split('\n');
            return new JupyterServer(
                host, prefix, int.Parse(lines[2], CultureInfo.InvariantCulture), int.Parse(lines[0], CultureInfo.InvariantCulture), lines[1], "running", openPort);
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }

    public static async Task<JupyterServer> StopAsync(TrainingHost host, string prefix, StepContext context, CancellationToken cancellationToken)
    {
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        var result = await connection.RunAsync("sh -s", cancellationToken, EmbeddedScript.Read("stop_jupyter.sh"));
        if (result.ExitCode == NotReady)
        {
            throw new SpotTrainerException("JupyterNotRunning", ErrorKind.ObjectNotFound, $"No Jupyter server was started on {host}.",
                "There is nothing to stop.", host);
        }

        if (result.ExitCode != 0)
        {
            throw RemoteErrors.CommandFailed(host, "Stopping Jupyter", result);
        }

        var lines = result.Output.Split('\n');
        return new JupyterServer(
            host, prefix, int.Parse(lines[1], CultureInfo.InvariantCulture), int.Parse(lines[0], CultureInfo.InvariantCulture), lines[2], "stopped", lines[3] == "open");
    }
}
