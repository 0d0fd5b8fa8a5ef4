using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>The errors of securing, starting, and reaching Jupyter. None shows a password, a hash, or a token.</summary>
internal static class JupyterErrors
{
    public static SpotTrainerException PasswordEmpty() => new(
        "PasswordEmpty", ErrorKind.SecurityError, "The password for Jupyter is empty, so the server would let everybody in.",
        "Use a longer password, or with Set-JupyterSecurity omit -Password: then one is generated.");

    public static SpotTrainerException PasswordIsText(string cmdlet) => new(
        "PasswordIsText", ErrorKind.InvalidArgument,
        "The password was given as text, which stays in the history of the prompt and in scripts. It is not shown here.",
        "Use -Password (Read-Host -AsSecureString), or -Password (Get-Credential jupyter).", cmdlet);

    public static SpotTrainerException ConfigInvalid(TrainingHost host, JupyterFile file, long line, long column) => new(
        "JupyterConfigInvalid", ErrorKind.InvalidData,
        $"{file.Shown} on {host} is not the JSON that Jupyter's configuration is: line {line}, column {column}.",
        "Correct it there, or rename it, and try again.", file.Shown);

    public static SpotTrainerException Open(TrainingHost host, JupyterFile file, JupyterSetting setting, string why) => new(
        "JupyterOpen", ErrorKind.SecurityError,
        $"{file.Shown} on {host} sets {setting.Name} in line {setting.Line} so that {why}.",
        "Remove that line, and try again.", file.Shown);

    public static SpotTrainerException NotInstalled(TrainingHost host, string prefix) => new(
        "JupyterNotInstalled", ErrorKind.NotInstalled, $"{prefix} on {host} has no Jupyter.",
        "Run Install-CondaStack with the package notebook or jupyterlab, or use -Prefix with the folder of another Python stack.", host);

    public static SpotTrainerException HashUnreadable(TrainingHost host) => new(
        "JupyterHashUnreadable", ErrorKind.InvalidOperation,
        $"The Notebook on {host} is older than 6.1, and cannot read the hash of the saved password.",
        "Run Set-JupyterSecurity with the password again.", host);

    public static SpotTrainerException HostCertificateInvalid() => new(
        "CertificateInvalid", ErrorKind.InvalidData, "Jupyter's certificate on the host is missing or damaged.", "Run Set-JupyterSecurity again.");

    public static SpotTrainerException CertificateInvalid(string path) => new(
        "CertificateInvalid", ErrorKind.InvalidData, $"{path} is not a certificate.", "Use a file that begins with BEGIN CERTIFICATE (PEM).", path);

    public static SpotTrainerException CertificateKeyInvalid(string path) => new(
        "CertificateKeyInvalid", ErrorKind.InvalidData, $"{path} is not a private key that Jupyter can use.",
        "Use a private key in PEM without a passphrase: openssl pkey -in KEY -out NEW removes it.", path);

    public static SpotTrainerException CertificateMismatch(string certificate, string key) => new(
        "CertificateMismatch", ErrorKind.InvalidArgument, $"{key} is not the private key of {certificate}.",
        "Use the key that the certificate was made for.", key);

    public static SpotTrainerException CertificateExpired(string path, DateTimeOffset from, DateTimeOffset until) => new(
        "CertificateExpired", ErrorKind.InvalidData,
        $"{path} is not valid now, but from {DisplayText.Of(from)} until {DisplayText.Of(until)}.",
        "Use a current certificate, or omit -CertificateFile: then one is made.", path);

    public static SpotTrainerException CertificateWeak(string path, int bits) => new(
        "CertificateWeak", ErrorKind.SecurityError, $"{path} has an RSA key of {bits} bits, which browsers reject.",
        "Use a key of at least 2048 bits, or omit -CertificateFile: then one is made.", path);
}
