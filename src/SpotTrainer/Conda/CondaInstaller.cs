using System.Text.RegularExpressions;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Conda;

/// <summary>Installs Miniconda and packages on a host.</summary>
internal static class CondaInstaller
{
    /// <summary>The URL of the folder with the public installers.</summary>
    public const string PublicMirror = "https://repo.anaconda.com/miniconda";

    /// <summary>The most lines of the programs' messages that are shown.</summary>
    private const int MostMessages = 500;

    private static readonly Regex MissingPackage = new(
        @"^\s+- (?<name>\S+)\s*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        TimeSpan.FromSeconds(1));

    /// <summary>Installs what is not installed yet.</summary>
    /// <exception cref="SpotTrainerException"><c>PackagesNotFound</c>, <c>RemoteCommandFailed</c>, and those of connecting.</exception>
    public static async Task<CondaStack> EnsureAsync(
        TrainingHost host, CondaRequest request, StepContext context, CancellationToken cancellationToken)
    {
        var activity = $"Installing the Python stack on {host}";
        context.Log.Progress(activity, string.Join(", ", request.Packages));
        try
        {
            var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
            var source = (request.Mirror ?? StandIn(host) ?? PublicMirror).TrimEnd('/');
            var words = new[] { request.Prefix, source, request.Channel }.Concat(request.Packages).Select(ShellText.Quote);
            var result = await connection.RunAsync(
                $"bash -s -- {string.Join(" ", words)}", cancellationToken, EmbeddedScript.Read("install_conda.sh"));
            if (result.ExitCode != 0)
            {
                throw Failed(host, result);
            }

            var messages = result.ErrorOutput.Split('\n').Where(line => line.Length > 0).ToArray();
            foreach (var line in messages.Skip(messages.Length - MostMessages))
            {
                context.Log.Verbose(line);
            }

            var lines = result.Output.Split('\n').Where(line => line.Length > 0).ToArray();
            return new CondaStack(host, request.Prefix, lines[lines.Length - 2], lines[lines.Length - 1], request.Packages);
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }

    private static string? StandIn(TrainingHost host) =>
        host is ICloudObject { Cloud.StandIns: { } standIns } && standIns.TryGetValue(PublicMirror, out var standIn) ? standIn : null;

    private static SpotTrainerException Failed(TrainingHost host, TrainingCommandResult result)
    {
        if (!result.ErrorOutput.Contains("PackagesNotFoundError"))
        {
            return RemoteErrors.CommandFailed(host, "Installing the Python stack", result);
        }

        // After the packages, conda lists its channels in the same format.
        var channels = result.ErrorOutput.IndexOf("Current channels:", StringComparison.Ordinal);
        var list = channels < 0 ? result.ErrorOutput : result.ErrorOutput.Substring(0, channels);
        var names = string.Join(", ", MissingPackage.Matches(list).Cast<Match>().Select(match => match.Groups["name"].Value));
        return new SpotTrainerException("PackagesNotFound", ErrorKind.ObjectNotFound, $"conda cannot find these packages: {names}.",
            "Check the names, or use another -Channel. A rehearsal has only the packages of this computer's Python.", names);
    }
}
