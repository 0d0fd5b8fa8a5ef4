using System.Management.Automation;
using SpotTrainer.Keys;

namespace SpotTrainer.Putty;

/// <summary>Converts PuTTY's <c>.ppk</c> files, and other private keys, to formats that OpenSSH reads.</summary>
[Cmdlet(VerbsData.ConvertFrom, "PuttyKey", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(OpenSshKey))]
public sealed class ConvertFromPuttyKeyCommand : KeyConversionCmdlet
{
    /// <summary>
    /// The format of the new files, named as in ssh-keygen: OpenSSH, PKCS8, or PEM (PKCS#1 for RSA, SEC 1 for ECDSA). OpenSSH does not
    /// support Ed448 keys. PEM supports neither Ed448 nor Ed25519 keys.
    /// </summary>
    [Parameter]
    [ValidateSet("OpenSSH", "PKCS8", "PEM")]
    public string Format { get; set; } = "OpenSSH";

    private protected override string Ending => ".pem";

    private protected override PrivateKeyFile Write(
        SshPrivateKey key, string source, string destination, Passphrase? passphrase, CancellationToken cancellationToken) =>
        PuttyKeyConversion.WriteOpenSsh(key, source, destination, Format, passphrase, Force, cancellationToken);
}
