using System.Globalization;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Starts and stops Jupyter servers, and looks at them.</summary>
internal static class JupyterProcess
{
    private const int DefaultPort = 8888;

    /// <summary>The stop script's exit code if nothing runs.</summary>
    private const int NotRunning = 3;

    private static string Functions => ProcessFile.Functions + EmbeddedScript.Read("jupyter_functions.sh");

    /// <summary>Starts the server unless it is running, and waits until it answers and lets nobody in without a password or its token.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>JupyterNotInstalled</c>, <c>JupyterNotSecured</c>, <c>JupyterOpen</c>, <c>JupyterConfigInvalid</c>, <c>JupyterRunning</c>,
    /// <c>JupyterPortInUse</c>, <c>JupyterBaseUrl</c>, <c>JupyterLoginFailed</c>, <c>JupyterStartFailed</c>, <c>PasswordTooShort</c>,
    /// <c>RemotePathNotFound</c>, and those of a host.
    /// </exception>
    public static async Task<JupyterServer> StartAsync(
        TrainingHost host, ServerRequest request, StepContext context, CancellationToken cancellationToken)
    {
        var activity = $"Starting Jupyter on {host}";
        context.Log.Progress(activity, "reading its configuration");
        try
        {
            var setup = await JupyterSetup.ReadAsync(host, request.Prefix, withNames: false, context, cancellationToken);
            var isThere = request.Lab ? setup.Versions.Lab is not null && setup.Versions.Server is not null : setup.Versions.Notebook is not null;
            if (!isThere)
            {
                throw JupyterErrors.NotInstalled(host, request.Prefix, request.Lab, setup.Versions);
            }

            OpenSettings.Refuse(host, setup.Files);
            if (setup.CertificatePem.Length == 0)
            {
                throw JupyterErrors.NotSecured(host);
            }

            var certificate = JupyterCertificate.Read(setup.CertificatePem);
            var port = request.Port
                ?? (int.TryParse(setup.OwnSetting(host, "port"), NumberStyles.None, CultureInfo.InvariantCulture, out var set) ? set : DefaultPort);
            context.Log.Progress(activity, "waiting for a response");
            string[] arguments =
            [
                request.Prefix, port.ToString(CultureInfo.InvariantCulture), certificate.Pin, request.Lab ? "lab" : "notebook",
                !request.Lab && setup.Versions.HasClassic ? "NotebookApp" : "ServerApp", request.NotebookDirectory,
                request.OpenPort ? host.HostName : string.Empty,
            ];
            var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
            var result = await connection.RunAsync(
                "sh -s -- " + string.Join(" ", arguments.Select(ShellText.Quote)), cancellationToken,
                UseRegistration.Functions + Functions + WriteServe() + EmbeddedScript.Read("start_jupyter.sh"));
            return result.ExitCode == 0 ? new ServerReport(result.Output).ToServer(host, request.Prefix, "running", certificate.Fingerprint)
                : throw JupyterErrors.NotStarted(host, request, port, setup, result);
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }

    /// <summary>Returns the server with its kernels, and its token. One that does not run is <c>stopped</c>.</summary>
    public static async Task<(JupyterServer Server, string Token)> FindAsync(
        TrainingHost host, string prefix, StepContext context, CancellationToken cancellationToken)
    {
        var setup = await JupyterSetup.ReadAsync(host, prefix, withNames: false, context, cancellationToken);
        var certificate = setup.CertificatePem.Length == 0 ? null : JupyterCertificate.Read(setup.CertificatePem);
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        var output = await connection.RequireAsync(
            $"sh -s -- {ShellText.Quote(certificate?.Pin ?? string.Empty)}", "Looking at Jupyter", cancellationToken,
            Functions + EmbeddedScript.Read("get_jupyter.sh"));
        var server = new ServerReport(output).ToServer(host, prefix, state: null, certificate?.Fingerprint ?? string.Empty);
        server.LocalUrl = context.Session.Get<ConnectionStore>().Find(host)?.Url ?? string.Empty;
        var file = server.Kind != "lab" && setup.Own(JupyterConfiguration.Classic) is not null ? JupyterConfiguration.Classic : JupyterConfiguration.Server;
        return (server, setup.Own(file) is { } own
            ? JupyterSetting.Read(host, own).FirstOrDefault(setting => setting.Name == "token")?.Value ?? string.Empty : string.Empty);
    }

    /// <summary>Stops the server and its kernels.</summary>
    /// <returns>The server, and whether its port was to be opened since the last stop.</returns>
    /// <exception cref="SpotTrainerException"><c>JupyterNotRunning</c>.</exception>
    public static async Task<(JupyterServer Server, bool WasOpened)> StopAsync(
        TrainingHost host, string prefix, StepContext context, CancellationToken cancellationToken)
    {
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        var result = await connection.RunAsync(
            "sh -s", cancellationToken, UseRegistration.Functions + Functions + EmbeddedScript.Read("stop_jupyter.sh"));
        if (result.ExitCode != 0)
        {
            throw result.ExitCode == NotRunning ? JupyterErrors.NotRunning(host) : RemoteErrors.CommandFailed(host, "Stopping Jupyter", result);
        }

        var report = new ServerReport(result.Output);
        return (report.ToServer(host, prefix, "stopped", fingerprint: string.Empty), report.WasOpened);
    }

    /// <summary>The function that writes the script that runs the server.</summary>
    private static string WriteServe() =>
        "write_serve() {\ncat << 'END_OF_SERVE'\n" + EmbeddedScript.Read("serve_jupyter.sh") + "END_OF_SERVE\n}\n";
}
