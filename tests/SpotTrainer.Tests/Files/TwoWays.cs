using SpotTrainer.Files;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>A transfer in one of its two directions. Both of its ends are on this computer.</summary>
/// <param name="folder">The folder of both ends.</param>
/// <param name="host">The host.</param>
/// <param name="log">Records its messages.</param>
/// <param name="isSending">Whether files go to the host.</param>
internal sealed class TwoWays(string folder, TrainingHost host, RecordingLog log, bool isSending)
{
    public string Source => Path.Combine(folder, "source");

    public string Destination { get; init; } = Path.Combine(folder, "destination");

    /// <summary>The folder in which files stand until they are whole.</summary>
    public string Stage => Path.Combine(Destination, ".spottrainer-incoming");

    public Task<TransferOutcome> GoAsync(CancellationTokenSource? source = null) => isSending
        ? TransferGround.DoAsync(Transfers.SendAsync, TransferGround.Order(Source, Destination), host, log, source)
        : TransferGround.DoAsync(
            Transfers.ReceiveAsync, new ReceiveOrder { Folder = Source, Destination = Destination }, host, log, source);

    /// <summary>Transfers what is left, and checks that nothing is left then.</summary>
    public async Task CompleteAsync()
    {
        var outcome = await GoAsync();
        Assert.Empty(outcome.Failed);
        await RequireEqualAsync();
    }

    public async Task RequireEqualAsync()
    {
        Assert.Equal("", await TransferGround.DifferencesAsync(Source, Destination));
        Assert.False(Directory.Exists(Stage), "The stage is still there.");
    }

    /// <summary>How many bytes went through a relay in the direction of the files.</summary>
    public long Passed(Relay relay) => isSending ? relay.Sent : relay.Received;

    /// <summary>Writes files that cannot be compressed.</summary>
    public void Fill(Random random, int files, int size, int large = 0)
    {
        for (var number = 0; number < files; number++)
        {
            Write($"d{number % 7}/f{number}", random, size == 0 ? 0 : random.Next(size));
        }

        if (large > 0)
        {
            Write("large", random, large);
        }
    }

    /// <summary>The contents of all files at an end of the transfer, by their paths, in short.</summary>
    public static Dictionary<string, string> Contents(string root) => !Directory.Exists(root) ? []
        : Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Select(path => (Path: path, Name: Path.GetRelativePath(root, path)))
            .Where(file => !file.Name.StartsWith(".spottrainer-incoming", StringComparison.Ordinal))
            .ToDictionary(
                file => file.Name, file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file.Path))),
                StringComparer.Ordinal);

    /// <summary>Checks that each file of the destination is the old one or the new one, and that none is lost.</summary>
    public void RequireWhole(Dictionary<string, string> before)
    {
        var (here, source) = (Contents(Destination), Contents(Source));
        Assert.All(before.Keys, name => Assert.True(here.ContainsKey(name), $"{name} is lost."));
        Assert.All(here, file => Assert.True(
            file.Value == before.GetValueOrDefault(file.Key) || file.Value == source.GetValueOrDefault(file.Key),
            $"{file.Key} is neither the old file nor the new one."));
    }

    private void Write(string name, Random random, int size)
    {
        var path = Path.Combine(Source, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var bytes = new byte[size];
        random.NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
    }
}
