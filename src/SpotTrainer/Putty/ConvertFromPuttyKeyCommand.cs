using System.Management.Automation;
using SpotTrainer.Keys;

namespace SpotTrainer.Putty;

/// <summary>Turns PuTTY's private keys (<c>.ppk</c>), or others, into those that OpenSSH reads.</summary>
[Cmdlet(VerbsData.ConvertFrom, "PuttyKey", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(OpenSshKey))]
public sealed class ConvertFromPuttyKeyCommand : KeyConversionCmdlet
{
    /// <summary>The format of the results, in ssh-keygen's words: its own, PKCS#8, or PEM (PKCS#1 for RSA, SEC 1 for ECDSA).</summary>
    [Parameter]
    [ValidateSet("OpenSSH", "PKCS8", "PEM")]
    public string Format { get; set; } = "OpenSSH";

    private protected override string Ending => ".pem";

    private protected override PrivateKeyFile Write(
        SshPrivateKey key, string source, string destination, Passphrase? passphrase, CancellationToken cancellationToken) =>
        PuttyKeyConversion.WriteOpenSsh(key, source, destination, Format, passphrase, Force, cancellationToken);
}
