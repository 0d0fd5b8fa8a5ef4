
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>The errors of reaching a machine and of running something on it.</summary>
internal static class RemoteErrors
{
    private const int LinesShown = 5;

    public static SpotTrainerException HostKeyMismatch(TrainingHost host, string offered, Exception inner) => new(
        "HostKeyMismatch", ErrorKind.SecurityError,
        $"{host.HostName}:{host.Port} has another host key ({offered}) than the pinned one ({string.Join(", ", host.HostKeys)}): it may not be the machine that you mean.",
        "Nothing was sent to it. Compare with the machine's console before you connect again.", host, inner);

    public static SpotTrainerException LoginRefused(TrainingHost host, Exception inner) => new(
        "LoginRefused", ErrorKind.AuthenticationError, $"{host} refused the key {host.KeyPath}.",
        "See that the user name and the key are the ones that the machine was launched with.", host, inner);

    public static SpotTrainerException Unreachable(TrainingHost host, Exception? inner) => new(
        "HostUnreachable", ErrorKind.ConnectionError, $"{host.HostName}:{host.Port} does not answer.",
        "See that it runs (Get-SpotTrainingInstance) and that its security group lets in your present address.", host, inner);

    public static SpotTrainerException NoAddress(TrainingHost host) => new(
        "HostUnreachable", ErrorKind.ConnectionError, $"{host} has no address yet.", "Wait until it is ready with Wait-SpotTrainingInstance.", host);

    public static SpotTrainerException CommandFailed(TrainingHost host, string doing, TrainingCommandResult result) => new(
        "RemoteCommandFailed", ErrorKind.InvalidResult,
        $"{doing} failed on {host.HostName} with exit code {result.ExitCode}.{LastLines(result)}",
        "Mend what the lines name; Invoke-TrainingCommand lets you look around on the machine.", host);

    private static string LastLines(TrainingCommandResult result)
    {
        var text = string.IsNullOrWhiteSpace(result.ErrorOutput) ? result.Output : result.ErrorOutput;
        var lines = text.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0).ToArray();
        return lines.Length == 0 ? string.Empty : " It said: " + string.Join(" | ", lines.Skip(Math.Max(0, lines.Length - LinesShown)));
    }
}
