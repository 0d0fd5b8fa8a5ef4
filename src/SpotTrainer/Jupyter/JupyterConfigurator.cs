using System.Text.Encodings.Web;
using System.Text.Json;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Puts Jupyter's password hash and certificate on a host.</summary>
internal static class JupyterConfigurator
{
    /// <summary>A hash keeps its plus signs, so that a shell can find it in the file.</summary>
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public const string CertificateFile = MachineLayout.Jupyter + "/certificate.pem";

    /// <summary>
    /// Writes the configuration to two files, because Notebook 6 and Jupyter Server read different ones. If the host already has the
    /// configuration of the same request, keeps it and its certificate.
    /// </summary>
    public static async Task<JupyterSecurity> EnsureAsync(
        TrainingHost host, SecurityRequest request, StepContext context, CancellationToken cancellationToken)
    {
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        var hash = request.PasswordHash;
        if (request.Password is null)
        {
            var kept = await connection.RunAsync(
                $"grep -qF {ShellText.Quote(hash)} {MachineLayout.Jupyter}/jupyter_server_config.json && cat {CertificateFile}",
                cancellationToken);
            if (kept.ExitCode == 0)
            {
                return new JupyterSecurity(host, request.Prefix, password: null, JupyterCertificate.Read(kept.Output));
            }
        }

        var certificate = JupyterCertificate.Make([host.HostName], context.Now);
        var home = (await connection.RequireAsync(
            $"umask 077 && mkdir -p {MachineLayout.Jupyter} && cd && pwd", "Creating Jupyter's folder", cancellationToken)).Trim();
        var folder = MachineLayout.Jupyter.Replace("~", home);
        var settings = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["ip"] = "127.0.0.1",
            ["port_retries"] = 0,
            ["open_browser"] = false,
            ["certfile"] = folder + "/certificate.pem",
            ["keyfile"] = folder + "/key.pem",
            ["password"] = hash,
            ["password_required"] = true,
            ["allow_password_change"] = false,
        };
        var json = JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["NotebookApp"] = settings,
            ["ServerApp"] = settings,
            ["PasswordIdentityProvider"] = new { hashed_password = hash, password_required = true, allow_password_change = false },
        }, Plain);

        // Use standard input, because other users could see arguments in the process list. The umask keeps the files private. The connection
        // can end after each of them: the file of a long password therefore says which one is long, and the file that shows above that
        // everything is there comes last.
        (string Name, string Text)[] files =
        [
            .. request.IsLong ? new[] { ("long_password", hash) } : [],
            ("certificate.pem", certificate.CertificatePem), ("key.pem", certificate.KeyPem),
            ("jupyter_notebook_config.json", json), ("jupyter_server_config.json", json),
        ];
        foreach (var (name, text) in files)
        {
            await connection.RequireAsync(
                $"umask 077 && cat > {MachineLayout.Jupyter}/{name}.new && mv {MachineLayout.Jupyter}/{name}.new {MachineLayout.Jupyter}/{name}",
                "Writing Jupyter's configuration", cancellationToken, text);
        }

        context.Log.Verbose($"{host}: Jupyter's certificate is {certificate.Fingerprint}.");
        return new JupyterSecurity(host, request.Prefix, request.Password, certificate);
    }
}
