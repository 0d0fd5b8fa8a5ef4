using System.Globalization;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Starts and stops Jupyter servers.</summary>
internal static class JupyterProcess
{
    /// <summary>The scripts' exit code if a previous step is missing.</summary>
    private const int NotReady = 3;

    /// <summary>The start script's exit code if the server is running with an older password and certificate.</summary>
    private const int OldSecurity = 4;

    /// <summary>The start script's exit code if the server is running with an open port but should not be, or the reverse.</summary>
    private const int OtherAddress = 5;

    /// <summary>The start script's exit code if the certificate is not for the address.</summary>
    private const int OtherCertificate = 6;

    /// <summary>The start script's exit code if the port would be opened with a short password.</summary>
    private const int ShortPassword = 7;

    /// <summary>Starts the server unless it is running, and waits until it responds.</summary>
    /// <param name="host">The host.</param>
    /// <param name="prefix">The folder of the Python stack.</param>
    /// <param name="port">The port. A server that is already running keeps its own.</param>
    /// <param name="openPort">Whether the server also listens on the host's own address, for which its certificate must be valid.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public static async Task<JupyterServer> StartAsync(
        TrainingHost host, string prefix, int port, bool openPort, StepContext context, CancellationToken cancellationToken)
    {
        var activity = $"Starting Jupyter on {host}";
        context.Log.Progress(activity, "waiting for a response");
        try
        {
            var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
            var result = await connection.RunAsync(
                string.Format(
                    CultureInfo.InvariantCulture, "sh -s -- {0} {1} {2}",
                    ShellText.Quote(prefix), port, openPort ? ShellText.Quote(host.HostName) : string.Empty),
                cancellationToken, UseRegistration.Functions + ProcessFile.Functions + EmbeddedScript.Read("start_jupyter.sh"));
            if (result.ExitCode == NotReady)
            {
                throw new SpotTrainerException("JupyterNotSecured", ErrorKind.InvalidOperation,
                    $"The password or certificate of Jupyter on {host} is missing.", "Run Set-JupyterSecurity first.", host);
            }

            if (result.ExitCode == OldSecurity)
            {
                throw new SpotTrainerException("JupyterRunning", ErrorKind.InvalidOperation,
                    $"Jupyter is running on {host} with its previous password and certificate.",
                    "Stop it first with Stop-JupyterServer.", host);
            }

            if (result.ExitCode == OtherAddress)
            {
                throw new SpotTrainerException("JupyterRunning", ErrorKind.InvalidOperation,
                    $"Jupyter is already running on {host}, but was started {(openPort ? "without" : "with")} -OpenPort.",
                    "Stop it first with Stop-JupyterServer.", host);
            }

            if (result.ExitCode == OtherCertificate)
            {
                throw new SpotTrainerException("JupyterNotSecured", ErrorKind.InvalidOperation,
                    $"Jupyter's certificate on {host} is not for the address {host.HostName}.",
                    "Run Set-JupyterSecurity again with this host.", host);
            }

            if (result.ExitCode == ShortPassword)
            {
                throw new SpotTrainerException("PasswordTooShort", ErrorKind.SecurityError,
                    $"Jupyter's password on {host} has fewer than {SecurityRequest.ShortestForOpenPort} characters, so its port is not opened.",
                    "Run Set-JupyterSecurity with a longer password, or without -Password: then one is generated.", host);
            }

            if (result.ExitCode != 0)
            {
                throw RemoteErrors.CommandFailed(host, "Starting Jupyter", result);
            }

            var lines = result.Output.Split('\n');
            return new JupyterServer(
                host, prefix, int.Parse(lines[2], CultureInfo.InvariantCulture), int.Parse(lines[0], CultureInfo.InvariantCulture),
                lines[1], "running", openPort);
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }

    /// <summary>Stops the server and its kernels.</summary>
    public static async Task<JupyterServer> StopAsync(
        TrainingHost host, string prefix, StepContext context, CancellationToken cancellationToken)
    {
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        var result = await connection.RunAsync(
            "sh -s", cancellationToken, UseRegistration.Functions + ProcessFile.Functions + EmbeddedScript.Read("stop_jupyter.sh"));
        if (result.ExitCode == NotReady)
        {
            throw new SpotTrainerException("JupyterNotRunning", ErrorKind.ObjectNotFound, $"Jupyter is not running on {host}.",
                "Continue with the next step. There is nothing to stop.", host);
        }

        if (result.ExitCode != 0)
        {
            throw RemoteErrors.CommandFailed(host, "Stopping Jupyter", result);
        }

        var lines = result.Output.Split('\n');
        return new JupyterServer(
            host, prefix, int.Parse(lines[1], CultureInfo.InvariantCulture), int.Parse(lines[0], CultureInfo.InvariantCulture), lines[2],
            "stopped", lines[3] == "open");
    }
}
