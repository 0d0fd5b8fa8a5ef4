using System.Text.RegularExpressions;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>The errors of securing, starting, and reaching Jupyter. None shows a password, a hash, or a token.</summary>
internal static class JupyterErrors
{
    /// <summary>The most characters of a line that an error shows.</summary>
    private const int LongestLine = 200;

    private static readonly string[] Secrets = ["token", "password", "hashed_password"];

    /// <summary>What ss prints about the process that listens.</summary>
    private static readonly Regex Holder = new(
        @"users:\(\(""(?<name>[^""]{1,40})"",pid=(?<process>\d{1,10})", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

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

    /// <summary>The stack has another Jupyter than the one that is to start.</summary>
    public static SpotTrainerException NotInstalled(TrainingHost host, string prefix, bool lab, JupyterVersions versions) =>
        !versions.IsThere ? NotInstalled(host, prefix) : new(
            "JupyterNotInstalled", ErrorKind.NotInstalled, $"{prefix} on {host} has no {(lab ? "JupyterLab" : "Notebook")}, but {versions}.",
            lab ? "Omit -Lab, or run Install-CondaStack with the package jupyterlab."
                : versions.Lab is null ? "Run Install-CondaStack with the package notebook or jupyterlab." : "Use -Lab, or run Install-CondaStack with the package notebook.",
            host);

    public static SpotTrainerException NotSecured(TrainingHost host) => new(
        "JupyterNotSecured", ErrorKind.InvalidOperation,
        $"The password or certificate of Jupyter on {host} is missing, or not for the Jupyter that is to start.", "Run Set-JupyterSecurity first.", host);

    public static SpotTrainerException NotRunning(TrainingHost host) => new(
        "JupyterNotRunning", ErrorKind.ObjectNotFound, $"Jupyter is not running on {host}.",
        "Start it with Start-JupyterServer, or continue with the next step if it was to be stopped.", host);

    public static SpotTrainerException NotConnected(TrainingHost host) => new(
        "JupyterNotConnected", ErrorKind.ObjectNotFound, $"This session has no connection to the Jupyter of {host}.",
        "Continue with the next step. A connection of another PowerShell window belongs to that window.", host);

    public static SpotTrainerException WrongCertificate(TrainingHost host, Exception inner) => new(
        "JupyterCertificateMismatch", ErrorKind.SecurityError,
        $"What answers in place of Jupyter on {host} has another certificate than the one that Set-JupyterSecurity wrote. Nothing was sent to it.",
        "Run Stop-JupyterServer and Start-JupyterServer, and try again.", host, inner);

    public static SpotTrainerException LoginFailed(TrainingHost host) => new(
        "JupyterLoginFailed", ErrorKind.AuthenticationError, $"Jupyter on {host} does not accept the token that Set-JupyterSecurity wrote.",
        "Run Stop-JupyterServer and Start-JupyterServer, and try again.", host);

    public static SpotTrainerException Silent(TrainingHost host, Exception inner) => new(
        "JupyterSilent", ErrorKind.ConnectionError, $"Jupyter on {host} does not answer through the tunnel.",
        "Look at it with Get-JupyterServer. If its state is silent, run Stop-JupyterServer and Start-JupyterServer.", host, inner);

    public static SpotTrainerException NoClipboard() => new(
        "ClipboardMissing", ErrorKind.NotInstalled, "This computer has no clipboard, or no program that fills it. The address was not copied.",
        "Install wl-clipboard or xclip, or omit -ToClipboard: then the address is shown.");

    /// <summary>Says what the exit code of start_jupyter.sh means.</summary>
    public static SpotTrainerException NotStarted(
        TrainingHost host, ServerRequest request, int port, JupyterSetup setup, TrainingCommandResult result)
    {
        var said = string.Join("\n", result.Said).Trim();
        return result.ExitCode switch
        {
            3 => NotSecured(host),
            4 => Running(host, "with its previous password and certificate"),
            5 => Running(host, $"but was started {(request.OpenPort ? "without" : "with")} -OpenPort"),
            6 => new("JupyterNotSecured", ErrorKind.InvalidOperation,
                $"Jupyter's certificate on {host} is not for the address {host.HostName}.", "Run Set-JupyterSecurity again with this host.", host),
            7 => new("PasswordTooShort", ErrorKind.SecurityError,
                $"Jupyter's password on {host} has fewer than {SecurityRequest.ShortestForOpenPort} characters, so its port is not opened.",
                "Run Set-JupyterSecurity with a longer password, or without -Password: then one is generated.", host),
            8 => new("JupyterPortInUse", ErrorKind.ResourceBusy,
                $"Port {port} on {host} is in use{(Holder.Match(said) is { Success: true } holder ? $" by {holder.Groups["name"].Value} (process {holder.Groups["process"].Value})" : string.Empty)}.",
                "Stop that program with Invoke-TrainingCommand, or use another -Port.", host),
            9 => BaseUrl(host, setup),
            10 => new("JupyterNotSecured", ErrorKind.SecurityError,
                $"What answers at port {port} on {host} has another certificate than the one in {MachineLayout.Jupyter}.",
                "Run Stop-JupyterServer and Set-JupyterSecurity, and try again.", host),
            11 => new("JupyterLoginFailed", ErrorKind.AuthenticationError,
                $"Jupyter answers on {host}, but does not accept the token that Set-JupyterSecurity wrote, so it was stopped.",
                "Look for c.ServerApp or c.IdentityProvider in your own configuration there (~/.jupyter), and run Set-JupyterSecurity again.", host),
            12 => new("JupyterOpen", ErrorKind.SecurityError,
                $"Jupyter was stopped on {host}, because it was open to others: {ErrorTranslation.FirstSentence(said)}",
                "Look for what causes this in your own configuration there (~/.jupyter), and try again.", host),
            13 => RemoteErrors.PathMissing(host, request.NotebookDirectory),
            _ => StartFailed(host, setup, result),
        };
    }

    private static SpotTrainerException Running(TrainingHost host, string how) => new(
        "JupyterRunning", ErrorKind.InvalidOperation, $"Jupyter is running on {host} {how}.", "Stop it first with Stop-JupyterServer.", host);

    private static SpotTrainerException BaseUrl(TrainingHost host, JupyterSetup setup)
    {
        var where = setup.Files.SelectMany(file => JupyterSetting.Read(host, file).Where(setting => setting.Name == "base_url")
            .Select(setting => $"{file.Shown}, line {setting.Line}")).FirstOrDefault();
        return new("JupyterBaseUrl", ErrorKind.InvalidOperation,
            $"Jupyter answers on {host}, but not at the address /, so it was stopped. A setting base_url{(where is null ? string.Empty : $" ({where})")} moves it.",
            "Remove that setting, and try again.", host);
    }

    private static SpotTrainerException StartFailed(TrainingHost host, JupyterSetup setup, TrainingCommandResult result)
    {
        // Jupyter does not log them, but a user's own code can.
        var secrets = Secrets.Select(name => setup.OwnSetting(host, name))
            .Where(secret => !string.IsNullOrEmpty(secret));
        var lines = result.Said.Select(line => secrets.Aggregate(line.Trim(), (text, secret) => text.Replace(secret!, "***"))).Where(line => line.Length > 0)
            .Select(line => ErrorTranslation.Shorten(line, LongestLine)).ToArray();
        return new("JupyterStartFailed", ErrorKind.InvalidResult,
            $"Jupyter did not start on {host}. {(lines.Length == 0 ? "It wrote nothing." : $"Its last lines: {string.Join(" | ", lines)}")}",
            $"Fix the cause, and try again. The whole log: Invoke-TrainingCommand 'cat {MachineLayout.Jupyter}/log'.", host);
    }

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
