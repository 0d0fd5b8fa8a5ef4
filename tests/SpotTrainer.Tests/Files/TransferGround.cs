using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>A host on this computer, and what sends files to it.</summary>
internal sealed class TransferGround : IDisposable
{
    private readonly SshServer server;

    private TransferGround(TemporaryFolder folder, SshServer server, TimeProvider? time)
    {
        (Folder, this.server, Log) = (folder, server, new RecordingLog { Time = time });
        Host = At(server.Port);
    }

    public TemporaryFolder Folder { get; }

    public RecordingLog Log { get; }

    public TrainingHost Host { get; }

    public int Port => server.Port;

    /// <param name="more">More lines for the configuration of the host.</param>
    /// <param name="answer">A script that the host runs in place of the client's command. Its argument is the folder. Null to run the command.</param>
    /// <param name="time">The clock of the client; null for the system's.</param>
    public static async Task<TransferGround> StartAsync(string more = "", string? answer = null, TimeProvider? time = null)
    {
        var folder = new TemporaryFolder();
        var command = answer is null ? null : $"/bin/sh {folder.Write("answer.sh", answer)} {folder.Path}";

        // The module's own files on a host are in the home folder, and that must not be the one of whoever runs the tests.
        // Sshd heeds only the first line with variables.
        var home = $"SetEnv HOME={Directory.CreateDirectory(folder["home"]).FullName} ";
        more = more.Contains("SetEnv ", StringComparison.Ordinal) ? more.Replace("SetEnv ", home, StringComparison.Ordinal) : $"{home}\n{more}";
        return new TransferGround(
            folder, await SshServer.StartAsync(folder, "-t ed25519", SshServer.Authorize(folder), more: more, command: command), time);
    }

    /// <summary>Returns the host as it is seen through a port.</summary>
    public TrainingHost At(int port) => new("127.0.0.1", port, Environment.UserName, Folder["login"], [server.Fingerprint]);

    public static SendOrder Order(string source, string destination, IgnoreRules? rules = null) => new()
    {
        Destination = destination,
        Source = source,
        Items = LocalTree.Walk(source, rules ?? new IgnoreRules([], [], ignoreCase: false), new WalkLimits(), CancellationToken.None)
            .OfType<LocalEntry>().Select(entry => new SourceItem(Path.Combine(source, entry.Path), entry)).ToArray(),
    };

    public Task<TransferOutcome> SendAsync(string source, string destination) => SendAsync(Order(source, destination));

    public Task<TransferOutcome> SendAsync(SendOrder order, TrainingHost? host = null) =>
        DoAsync(Transfers.SendAsync, order, host ?? Host, Log);

    public Task<TransferOutcome> ReceiveAsync(string folder, string destination) =>
        ReceiveAsync(new ReceiveOrder { Folder = folder, Destination = destination });

    public Task<TransferOutcome> ReceiveAsync(ReceiveOrder order, TrainingHost? host = null) =>
        DoAsync(Transfers.ReceiveAsync, order, host ?? Host, Log);

    /// <summary>Does a transfer as the cmdlets do: it continues when the connection is lost.</summary>
    public static async Task<TransferOutcome> DoAsync<T>(
        Func<TrainingHost, T, TransferProgress, StepContext, CancellationToken, Task<TransferOutcome>> transfer, T order, TrainingHost host,
        RecordingLog log, CancellationTokenSource? source = null)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(source?.Token ?? default, TestContext.Current.CancellationToken);
        return await transfer(host, order, new TransferProgress("Transfer", log.Context), log.Context, over.Token);
    }

    /// <summary>What rsync finds to be different: contents, kinds, names, times, permissions, and links.</summary>
    public static async Task<string> DifferencesAsync(string source, string destination, bool inSeconds = false)
    {
        var rsync = await Programs.RunAsync(
            "rsync", "-rlptnic", $"--modify-window={(inSeconds ? 1 : 0)}", "--delete", source + "/", destination + "/");

        // 24: files have vanished, because a script was still at work.
        var said = rsync.Status == 24 ? "vanished\n" : rsync.Succeeded();
        var lines = said.Split('\n').Where(line => line.Length > 0 && !line.EndsWith(" ./", StringComparison.Ordinal));

        // rsync looks at whole seconds, .NET at 100 nanoseconds.
        var times = inSeconds ? [] : new DirectoryInfo(source).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Select(entry => (entry, Path.GetRelativePath(source, entry.FullName)))
            .Where(pair => new FileInfo(Path.Combine(destination, pair.Item2)).LastWriteTimeUtc != pair.entry.LastWriteTimeUtc)
            .Select(pair => $"time of {pair.Item2}");
        return string.Concat(lines.Concat(times).Select(line => line + "\n"));
    }

    public void Dispose()
    {
        Log.Context.Session.Dispose();
        server.Dispose();
        Folder.Dispose();
    }
}
