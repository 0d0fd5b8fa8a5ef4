using System.Management.Automation;
using System.Net;
using System.Security;
using System.Text;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Sets a password and a certificate for Jupyter on hosts. The password is hashed on this computer and never leaves it.</summary>
[Cmdlet(VerbsCommon.Set, "JupyterSecurity", SupportsShouldProcess = true, DefaultParameterSetName = "Made")]
[OutputType(typeof(JupyterSecurity))]
public sealed class SetJupyterSecurityCommand : HostStepCmdlet
{
    /// <summary>The password, as a secure string or a credential. By default, a different one is generated for each host.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNull]
    [JupyterPassword]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public SecureString? Password { get; set; }

    /// <summary>The port of the server on the host. If it is in use when the server starts, that is an error.</summary>
    [Parameter]
    [ValidateRange(1024, 65535)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int Port { get; set; } = 8888;

    /// <summary>The key of the certificate: Ecdsa (P-256), or Rsa (3072 bits).</summary>
    [Parameter(ParameterSetName = "Made")]
    public JupyterKeyAlgorithm KeyAlgorithm { get; set; }

    /// <summary>How long the certificate is valid, in days. Browsers may reject one that is valid for more than 397 days.</summary>
    [Parameter(ParameterSetName = "Made")]
    [ValidateRange(1, 3650)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int CertificateDays { get; set; } = JupyterCertificate.DefaultDays;

    /// <summary>A certificate of your own, in PEM format. The certificates of its issuers may follow it.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Own")]
    [ValidateNotNullOrEmpty]
    public string? CertificateFile { get; set; }

    /// <summary>The private key of your own certificate, in PEM format without a passphrase.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Own")]
    [ValidateNotNullOrEmpty]
    public string? KeyFile { get; set; }

    /// <summary>
    /// Keeps the password and the server's token in a file that only you can read, for Import-Clixml. On Windows, it is encrypted for you.
    /// </summary>
    [Parameter]
    public SwitchParameter SaveCredential { get; set; }

    /// <summary>The folder of the Python stack on the host. From the pipeline, it is the folder of the stack.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    private protected override string Action => "set Jupyter's password and certificate";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (JupyterPasswordAttribute.WasText(Password))
        {
            HideCall();
            Fail(JupyterErrors.PasswordIsText(MyInvocation.MyCommand.Name));
        }
    }

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var (prefix, password, save) = (Prefix, Password, SaveCredential.IsPresent);
        var (certificate, key) = CertificateFile is null ? (null, null) : (FullPath(CertificateFile), FullPath(KeyFile!));
        var (port, algorithm, days) = (Port, KeyAlgorithm, CertificateDays);
        return async stopping =>
        {
            var request = SecurityRequest.Create(prefix, password) with
            {
                Port = port, KeyAlgorithm = algorithm, CertificateDays = days, CertificateFile = certificate, KeyFile = key,
            };
            var security = await JupyterConfigurator.EnsureAsync(host, request, Context, stopping);
            if (save)
            {
                Save(security);
            }

            await Output.ObjectAsync(security);
        };
    }

    /// <summary>Writes the file as Export-Clixml does: on Windows, its secure strings are encrypted for this user.</summary>
    private static void Save(JupyterSecurity security)
    {
        var host = security.Instance;
        var instance = host as SpotTrainingInstance;
        var content = new PSObject();
        content.Properties.Add(new PSNoteProperty("Host", host.ToString()));
        content.Properties.Add(new PSNoteProperty("Credential", new PSCredential("jupyter", security.Password)));
        content.Properties.Add(new PSNoteProperty("Token", new NetworkCredential(string.Empty, security.Token).SecurePassword));
        security.CredentialPath = Path.Combine(
            instance?.Cloud.StateFolder ?? CloudResolver.UserStateFolder(), "jupyter", (instance?.InstanceId ?? SshHost.ToAlias(host.Label)) + ".clixml");
        PrivateFile.Write(security.CredentialPath, Encoding.UTF8.GetBytes(PSSerializer.Serialize(content)), overwrite: true);
    }
}
