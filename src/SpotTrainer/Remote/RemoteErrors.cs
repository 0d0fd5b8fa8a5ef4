using System.Net.Sockets;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Messages.Transport;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>The errors of connecting to a host and of running commands on it.</summary>
internal static class RemoteErrors
{
    private const int LinesShown = 5;

    /// <summary>The most characters of each of these lines. All of them together are one sentence.</summary>
    private const int LongestLine = 390;

    /// <summary>The key of the exception's data that holds the type of the host key that was shown.</summary>
    public const string ShownType = "ShownType";

    public static SpotTrainerException HostKeyMismatch(TrainingHost host, string offered, string type, Exception inner) => new(
        "HostKeyMismatch", ErrorKind.SecurityError,
        $"The host key of {Named(host)} ({offered}) is not the pinned one ({string.Join(", ", host.HostKeys)}). "
        + "It may be a different machine, so nothing was sent to it.",
        "Compare the host key with the one on the machine's console before you connect again.", host, inner) { Data = { [ShownType] = type } };

    public static SpotTrainerException LoginRefused(TrainingHost host, SshLogin.KeyMethod login, Exception inner) => login.Result switch
    {
        // RFC 4252, section 5.1: the key was right, and is not enough.
        AuthenticationResult.PartialSuccess => new("LoginNeedsMore", ErrorKind.AuthenticationError,
            $"{host} accepted {login.Keys}, but also wants {Methods(login.AllowedAuthentications)}, which the module does not support.",
            "Let the user log in with a key alone (AuthenticationMethods in sshd_config), or use Enter-TrainingHost.", host, inner),
        null => new("LoginWithoutKey", ErrorKind.AuthenticationError,
            $"{host} does not accept keys: {ErrorTranslation.FirstSentence(inner.Message)}",
            "Let its SSH server accept keys (PubkeyAuthentication in sshd_config). The module never sends a password.", host, inner),
        _ => new("LoginRefused", ErrorKind.AuthenticationError, $"{host} rejected {login.Keys} for the user {host.UserName}.",
            "Check the user name, and that the key is the one that the machine was set up with.", host, inner),
    };

    public static SpotTrainerException TooManyKeys(TrainingHost host, Exception inner) => new(
        "TooManyKeys", ErrorKind.AuthenticationError, $"{host} rejected the keys of the agent, and allows no more attempts.",
        "Use -KeyPath with the key, or with the .pub file of the agent's key.", host, inner);

    /// <summary>Says why no connection came about, before the login.</summary>
    public static SpotTrainerException NotConnected(TrainingHost host, Exception exception) => exception switch
    {
        SshConnectionException { DisconnectReason: DisconnectReason.KeyExchangeFailed } => TooOld(host, exception),
        _ when IsNameUnknown(exception) => NameUnknown(host, exception),
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => Refused(host, exception),
        _ => Unreachable(host, exception),
    };

    private static SpotTrainerException TooOld(TrainingHost host, Exception inner) => new(
        "AlgorithmsTooOld", ErrorKind.SecurityError,
        $"The SSH server of {Named(host)} has only algorithms that are no longer safe. {ErrorTranslation.FirstSentence(inner.Message)}",
        "Update the SSH server, or allow current algorithms in its sshd_config.", host, inner);

    private static SpotTrainerException Refused(TrainingHost host, Exception inner) => new(
        "HostUnreachable", ErrorKind.ConnectionError, $"Nothing answers at port {host.Port} of {Named(host)}.",
        "Check the port, and that the machine's SSH server runs. A machine that is starting needs a moment.", host, inner);

    public static SpotTrainerException NoKey(TrainingHost host) => new(
        "KeyNotFound", ErrorKind.ObjectNotFound, $"This computer has no private key for {host}, and no ssh-agent has one.",
        IsInstance(host)
            ? "Copy the private key to this computer, and pass its path to Connect-TrainingHost -KeyPath, with the HostName, UserName, and "
                + "HostKeys of this host."
            : "Use Connect-TrainingHost -KeyPath with the file of the private key, or add the key to a running ssh-agent (ssh-add).", host);

    public static SpotTrainerException KeyMissing(string path) => new(
        "KeyNotFound", ErrorKind.ObjectNotFound, $"The private key {path} does not exist.",
        "Check the path. With the path of a .pub file, the key must be in a running ssh-agent.", path);

    public static SpotTrainerException KeyEncrypted(string path, Exception inner) => new(
        "KeyEncrypted", ErrorKind.AuthenticationError, $"The private key {path} has a passphrase, and nobody gave it.",
        "Pass it once in a session: -Passphrase (Read-Host -AsSecureString) of Connect-TrainingHost or Invoke-TrainingCommand. Or add the key to "
        + "an ssh-agent (ssh-add).", path, inner);

    public static SpotTrainerException AgentRefused(string agent, Exception? inner) => new(
        "AgentRefused", ErrorKind.AuthenticationError, $"{char.ToUpperInvariant(agent[0])}{agent.Substring(1)} did not sign with the key.",
        "Check that it still has the key (ssh-add -l), and confirm if it asks.", agent, inner);

    public static SpotTrainerException Lost(TrainingHost host, Exception? inner) => new(
        "ConnectionLost", ErrorKind.ConnectionError,
        $"The connection to {host} was lost{(inner is null ? ": it answered nothing for half a minute" : string.Empty)}. "
        + "What ran there ends within 30 seconds, except for jobs.",
        IsInstance(host) ? "Check that it is running (Get-SpotTrainingInstance), and try again." : "Check that the machine is running, and try again.",
        host, inner);

    public static SpotTrainerException ConnectTimedOut(TrainingHost host, TimeSpan limit) => new(
        "HostUnreachable", ErrorKind.ConnectionError, $"{Named(host)} could not be reached and logged in to in {limit.TotalSeconds:0.###} s.",
        "Use a longer -Timeout, or check the machine and the network.", host);

    public static SpotTrainerException Flooded() => new(
        "OutputFlooded", ErrorKind.SecurityError, "The host sent more than it was allowed to, so its output was cut off.",
        "Do not trust this host.");

    public static SpotTrainerException CommandTooLong(int bytes) => new(
        "CommandTooLong", ErrorKind.LimitsExceeded, $"The command is {bytes} bytes too long. It can have 64 KiB.",
        "Pass a script to the standard input of a shell: -Command 'bash -s' -InputFile FILE.");

    public static SpotTrainerException CommandHasNull() => new(
        "CommandInvalid", ErrorKind.InvalidArgument, "The command has a null character, which no argument can have.",
        "Pass binary data with -InputFile.");

    public static SpotTrainerException CommandTimedOut(TrainingHost host, RemoteCommand command) => new(
        "CommandTimedOut", ErrorKind.OperationTimeout,
        $"{command.Shown} ran longer than {command.Timeout!.Value.TotalSeconds:0.###} s on {host}, and was ended.",
        "Use a longer -Timeout. For long work, use Start-TrainingJob.", host);

    public static SpotTrainerException PortInUse(int port) => new(
        "PortInUse", ErrorKind.ResourceBusy, $"The port {port} of this computer is in use, or reserved.",
        "Use another -LocalPort, or omit it to get a free one.", port);

    public static SpotTrainerException NoTunnel(int port) => new(
        "TunnelNotFound", ErrorKind.ObjectNotFound, $"This session has no tunnel at port {port}.",
        "Get-TrainingTunnel lists the tunnels of this session. Tunnels of another PowerShell window belong to that window.", port);

    public static SpotTrainerException NoDirectory(TrainingHost host, string path) => new(
        "RemotePathNotFound", ErrorKind.ObjectNotFound, $"{host} has no folder {path} that {host.UserName} can enter.",
        "Check -WorkingDirectory.", host);

    public static SpotTrainerException NoSftp(TrainingHost host, Exception inner) => new(
        "SftpMissing", ErrorKind.NotImplemented, $"The SSH server of {Named(host)} has no file transfer (SFTP).",
        "Add 'Subsystem sftp internal-sftp' to its sshd_config, and reload the server.", host, inner);

    public static SpotTrainerException SessionsRefused(TrainingHost host, Exception inner) => new(
        "SessionsRefused", ErrorKind.PermissionDenied, $"The SSH server of {Named(host)} runs no commands for {host.UserName}.",
        "Allow sessions in its sshd_config (MaxSessions above 0).", host, inner);

    public static SpotTrainerException PathDenied(TrainingHost host, string path, Exception? inner = null) => new(
        "RemotePathDenied", ErrorKind.PermissionDenied, $"{host.UserName} may not use {path} on {host}.",
        "Use a folder that this user may write to, or change its owner or mode with Invoke-TrainingCommand -Sudo.", host, inner);

    public static SpotTrainerException PathMissing(TrainingHost host, string path, Exception? inner = null) => new(
        "RemotePathNotFound", ErrorKind.ObjectNotFound, $"{host} has no {path}.", "Check the path.", host, inner);

    public static SpotTrainerException PathIsFolder(TrainingHost host, string path, Exception? inner = null) => new(
        "RemotePathIsFolder", ErrorKind.InvalidOperation, $"{path} on {host} is a folder, and a file is to be written there.",
        "Move or rename that folder, or use another name.", host, inner);

    public static SpotTrainerException PathIsFile(TrainingHost host, string path, Exception? inner = null) => new(
        "RemotePathIsFile", ErrorKind.InvalidOperation, $"{path} on {host} is a file, and a folder is needed there.",
        "Move or rename that file, or use another folder.", host, inner);

    public static SpotTrainerException PathFailed(TrainingHost host, string path, Exception inner) => new(
        "RemoteFileFailed", ErrorKind.InvalidOperation, $"{host} could not read or write {path}. {ErrorTranslation.FirstSentence(inner.Message)}",
        "Check the disk of the host: Invoke-TrainingCommand 'df -h'.", host, inner);

    public static SpotTrainerException SudoRefused(TrainingHost host, string said) => new(
        "SudoRefused", ErrorKind.PermissionDenied, $"{host.UserName} may not use sudo without a password on {host}. {ErrorTranslation.FirstSentence(said)}",
        "Log in as a user who may (NOPASSWD in sudoers), or omit -Sudo.", host);

    public static SpotTrainerException ShellRefused(TrainingHost host, string said, int? code) => new(
        "ShellRefused", ErrorKind.PermissionDenied,
        $"The login shell of {host.UserName} on {host} ended{(code is { } number ? $" with exit code {number}" : string.Empty)} before it ran the "
        + $"command.{(said.Length > 0 ? " It said: " + ErrorTranslation.FirstSentence(said) : string.Empty)}",
        "Log in as a user with an ordinary shell, or remove the exit from the shell's startup file.", host);

    public static SpotTrainerException HostKeyUnknown(
        TrainingHost host, PresentedHostKey presented, bool hasAuthority, bool wasAsked) => new(
        "HostKeyUnknown", ErrorKind.SecurityError,
        $"The host key of {Named(host)} is not known, and an unknown host key is never trusted. The host presents {presented}. "
        + (hasAuthority ? "known_hosts vouches for it only through a certificate authority (@cert-authority), which is not supported. " : string.Empty)
        + "Nothing was sent to it.",
        "Compare that with what 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub' (or the file of that type) prints on the machine's "
        + $"console. If it is the same, {(wasAsked ? "answer Yes, or use it with -HostKey." : "use it with -HostKey, or use -TrustNewHostKey.")}", host);

    public static SpotTrainerException HostKeyNotConfirmed(TrainingHost host, PresentedHostKey presented) => new(
        "HostKeyNotConfirmed", ErrorKind.SecurityError,
        $"The host key of {Named(host)} ({presented}) is new, and nobody can be asked here whether to trust it.",
        "Compare it with what 'ssh-keygen -l' prints on the machine's console, and use it with -HostKey. To trust it without that, use "
        + "-TrustNewHostKey -Force.", host);

    public static SpotTrainerException HostKeyRevoked(TrainingHost host, IReadOnlyList<string> revoked) => new(
        "HostKeyRevoked", ErrorKind.SecurityError,
        $"known_hosts on this computer revokes the host key of {Named(host)} ({string.Join(", ", revoked)}).",
        "Ask the owner of the machine for its current host key, and use it with -HostKey.", host);

    /// <summary>Whether a connection failed because the name of the host does not resolve.</summary>
    private static bool IsNameUnknown(Exception exception) => exception is SocketException
    {
        SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery,
    };

    private static SpotTrainerException NameUnknown(TrainingHost host, Exception inner) => new(
        "HostNameUnknown", ErrorKind.ObjectNotFound, $"The name {host.HostName} does not resolve to an address.",
        "Check the spelling, and that this computer is in the network that knows the name (a VPN, for example), or use the address.",
        host, inner);

    public static SpotTrainerException Unreachable(TrainingHost host, Exception? inner) => new(
        "HostUnreachable", ErrorKind.ConnectionError,
        $"{Named(host)} does not respond{(host.JumpHost is { } jump ? $" through {jump}" : string.Empty)}.",
        IsInstance(host)
            ? "Check that it is running (Get-SpotTrainingInstance). If your IP address has changed, run Update-TrainingSecurityGroup."
            : "Check its name and port, that the machine is running, and that its firewall allows this computer.", host, inner);

    public static SpotTrainerException ShellTalks(TrainingHost host, string said) => new(
        "ShellNotSilent", ErrorKind.InvalidOperation,
        $"The shell of {host.UserName} on {host} prints text at its start ('{ErrorTranslation.FirstSentence(said)}'), which breaks file transfer.",
        "Remove the command from the shell's startup file (such as ~/.bashrc), or run it only in interactive shells.", host);

    public static SpotTrainerException NoAddress(TrainingHost host) => new(
        "HostUnreachable", ErrorKind.ConnectionError, $"{host} does not have an address yet.",
        "Wait until it is ready with Wait-SpotTrainingInstance.", host);

    public static SpotTrainerException CommandFailed(TrainingHost host, string doing, TrainingCommandResult result) => CommandFailed(
        host, doing, nextStep: null, new CommandEnd(result.ExitCode, result.Signal), result.Said);

    /// <summary>A command of the user's own failed.</summary>
    public static SpotTrainerException CommandFailed(TrainingHost host, CommandEnd end, IReadOnlyCollection<string> lines) => CommandFailed(
        host, "The command", "Fix the cause, or use -AllowFailure if this is no failure.", end, lines);

    private static SpotTrainerException CommandFailed(
        TrainingHost host, string doing, string? nextStep, CommandEnd end, IReadOnlyCollection<string> lines) => new(
        "RemoteCommandFailed", ErrorKind.InvalidResult,
        (end.Signal is { } signal ? $"{doing} was ended on {host} by {signal} (exit code {end.ExitCode})."
            : $"{doing} failed on {host} with exit code {end.ExitCode}.") + LastLines(lines),
        nextStep ?? "Fix the cause and try again. Use Invoke-TrainingCommand to investigate on the host.", host);

    /// <summary>An instance by its name, ID, and address. Its address alone says nothing to a user.</summary>
    private static string Named(TrainingHost host) => IsInstance(host) ? $"{host} at {host.Bracketed}:{host.Port}" : host.Identity;

    private static bool IsInstance(TrainingHost host) => host.ToString() != host.Identity;

    private static string Methods(string[]? names) => names is { Length: > 0 } ? string.Join(" or ", names) : "another method";

    private static string LastLines(IReadOnlyCollection<string> text)
    {
        var lines = text.Select(line => ErrorTranslation.Shorten(line.TrimEnd(), LongestLine)).Where(line => line.Length > 0).ToArray();
        return lines.Length == 0 ? string.Empty : " Last output: "
            + ErrorTranslation.FirstSentence(string.Join(" | ", lines.Skip(Math.Max(0, lines.Length - LinesShown))));
    }
}
