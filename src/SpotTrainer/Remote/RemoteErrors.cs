using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>The errors of connecting to a host and of running commands on it.</summary>
internal static class RemoteErrors
{
    private const int LinesShown = 5;

    /// <summary>The key of the exception's data that holds the type of the host key that was shown.</summary>
    public const string ShownType = "ShownType";

    public static SpotTrainerException HostKeyMismatch(TrainingHost host, string offered, string type, Exception inner) => new(
        "HostKeyMismatch", ErrorKind.SecurityError,
        $"The host key of {Named(host)} ({offered}) is not the pinned one ({string.Join(", ", host.HostKeys)}). "
        + "It may be a different machine, so nothing was sent to it.",
        "Compare the host key with the one on the machine's console before you connect again.", host, inner) { Data = { [ShownType] = type } };

    public static SpotTrainerException LoginRefused(TrainingHost host, Exception inner) => new(
        "LoginRefused", ErrorKind.AuthenticationError, $"{host} rejected the private key {host.KeyPath}.",
        "Check that the user name and the key are the ones that the instance was launched with.", host, inner);

    public static SpotTrainerException Unreachable(TrainingHost host, Exception? inner) => new(
        "HostUnreachable", ErrorKind.ConnectionError, $"{Named(host)} does not respond.",
        "Check that it is running (Get-SpotTrainingInstance). If your IP address has changed, run Update-TrainingSecurityGroup.", host, inner);

    public static SpotTrainerException ShellTalks(TrainingHost host, string said) => new(
        "ShellNotSilent", ErrorKind.InvalidOperation,
        $"The shell of {host.UserName} on {host} prints text at its start ('{ErrorTranslation.FirstSentence(said)}'), which breaks file transfer.",
        "Remove the command from the shell's startup file (such as ~/.bashrc), or run it only in interactive shells.", host);

    public static SpotTrainerException NoAddress(TrainingHost host) => new(
        "HostUnreachable", ErrorKind.ConnectionError, $"{host} does not have an address yet.",
        "Wait until it is ready with Wait-SpotTrainingInstance.", host);

    public static SpotTrainerException CommandFailed(TrainingHost host, string doing, TrainingCommandResult result) => new(
        "RemoteCommandFailed", ErrorKind.InvalidResult,
        $"{doing} failed on {host} with exit code {result.ExitCode}.{LastLines(result)}",
        "Fix the cause and try again. Use Invoke-TrainingCommand to investigate on the host.", host);

    /// <summary>An instance by its name, ID, and address. Its address alone says nothing to a user.</summary>
    private static string Named(TrainingHost host) =>
        host.ToString() == host.Identity ? host.Identity : $"{host} at {host.HostName}:{host.Port}";

    private static string LastLines(TrainingCommandResult result)
    {
        var text = string.IsNullOrWhiteSpace(result.ErrorOutput) ? result.Output : result.ErrorOutput;
        var lines = text.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0).ToArray();
        return lines.Length == 0 ? string.Empty : " Last output: " + string.Join(" | ", lines.Skip(Math.Max(0, lines.Length - LinesShown)));
    }
}
