using System.Globalization;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>No test: a transfer in a process of its own, which a test can kill.</summary>
public sealed class TransferWorker
{
    private const string Variable = "SPOTTRAINER_TRANSFER";

    /// <summary>Starts the process. It creates a file when the transfer begins.</summary>
    internal static ShellProcess Start(TransferGround ground, bool isSending, string began) => ShellProcess.Start(
        Path.ChangeExtension(typeof(TransferWorker).Assembly.Location, null),
        ["-explicit", "only", "-class", typeof(TransferWorker).FullName!, "-noLogo"],
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Variable] = string.Join('\n', ground.Folder.Path, ground.Port, ground.Host.HostKeys[0], isSending, began),
        });

    [Fact(Explicit = true)]
    public async Task Transfer()
    {
        var words = Environment.GetEnvironmentVariable(Variable)?.Split('\n') ?? [];
        Assert.SkipWhen(words.Length == 0, "Only tests start this.");
        var log = new RecordingLog
        {
            Told = line =>
            {
                if (line.Contains("in one stream", StringComparison.Ordinal))
                {
                    File.WriteAllText(words[4], "");
                }
            },
        };
        var host = new TrainingHost(
            "127.0.0.1", int.Parse(words[1], CultureInfo.InvariantCulture), Environment.UserName, Path.Combine(words[0], "login"), [words[2]]);
        await new TwoWays(words[0], host, log, bool.Parse(words[3])).GoAsync();
        log.Context.Session.Dispose();
    }
}
