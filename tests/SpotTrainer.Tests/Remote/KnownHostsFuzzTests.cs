using System.Text;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Generated known_hosts files are read as ssh-keygen reads them, and bytes without sense say nothing.</summary>
[Trait("Speed", "Slow")]
public sealed class KnownHostsFuzzTests : IDisposable
{
    private static readonly string[] Words =
    [
        "train.example", "TRAIN.Example", "other.example", "*", "*.example", "train.?xample", "!train.example", "!*", "!other.example", "[train.example]:2222",
        "[train.example]:*", "[*]:2222", "[train.example]:22", "127.0.0.1", "::1", "[::1]:2222", "", "|1|", "|1|AAAA|BBBB", "train.example|1|",
    ];

    private readonly TemporaryFolder folder = new();

    private static int Rounds => Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 500 : 15;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_generated_file_says_the_same_to_ssh_keygen()
    {
        var keys = new List<string>();
        foreach (var type in new[] { "ed25519", "ecdsa" })
        {
            for (var number = 0; number < 12; number++)
            {
                var path = folder[$"{type}{number}"];
                (await Programs.RunAsync("ssh-keygen", "-q", "-t", type, "-N", "", "-C", "", "-f", path)).Succeeded();
                keys.Add((await File.ReadAllTextAsync(path + ".pub", TestContext.Current.CancellationToken)).Trim());
            }
        }

        var random = new Random(11);
        var (agreed, marked) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var lines = keys.Select(key => Line(random, key)).ToArray();
            var file = folder.Write("known_hosts", string.Join(random.Next(2) == 0 ? "\n" : "\r\n", lines) + "\n");
            if (random.Next(3) == 0)
            {
                // It hashes what can be hashed, and leaves the rest.
                await Programs.RunAsync("ssh-keygen", "-q", "-H", "-f", file);
            }

            foreach (var (host, port) in new[] { ("train.example", 22), ("train.example", 2222), ("::1", 22), ("127.0.0.1", 22), ("::1", 2222) })
            {
                var name = port == 22 ? host : $"[{host}]:{port}";
                var expected = Read((await Programs.RunAsync("ssh-keygen", "-l", "-F", name, "-f", file)).Output);
                var found = KnownHosts.FindIn(File.ReadLines(file), host, port);
                var accepted = expected.Where(one => one.Marker == "").Select(one => one.Key);
                var revoked = expected.Where(one => one.Marker == "REVOKED").Select(one => one.Key).ToArray();
                Assert.Equal(accepted.Except(revoked.Concat(found.Revoked)).Order(), found.Accepted.Order());
                Assert.Superset(revoked.ToHashSet(), found.Revoked.ToHashSet());
                Assert.Equal(expected.Exists(one => one.Marker == "CA"), found.HasAuthority);
                agreed += found.Accepted.Count;
                marked += revoked.Length;
            }
        }

        Assert.True(agreed > 5 * Rounds && marked > Rounds, $"{agreed} keys, {marked} revoked");
    }

    [Fact]
    public void Bytes_without_sense_are_no_keys_and_no_errors()
    {
        var random = new Random(12);
        for (var round = 0; round < 200 * Rounds; round++)
        {
            var text = new StringBuilder();
            for (var length = random.Next(60); length > 0; length--)
            {
                text.Append(random.Next(4) == 0 ? Words[random.Next(Words.Length)] : ((char)random.Next(0, 0x250)).ToString());
            }

            var found = KnownHosts.FindIn(text.ToString().Split('\n'), "train.example", 22);
            Assert.Empty(found.Accepted);
            Assert.Empty(found.Revoked);
        }
    }

    private static string Line(Random random, string key)
    {
        var names = string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Words[random.Next(Words.Length)]));
        var marker = random.Next(12) switch { 0 => "@revoked ", 1 => "@cert-authority ", 2 => "@nonsense ", 3 => "@revoked @revoked ", 4 => "@revoked\t", _ => "" };
        var start = random.Next(8) switch { 0 => " ", 1 => "\t", 2 => "#", _ => "" };
        var fields = key.Split(' ');
        var body = random.Next(10) switch
        {
            0 => fields[0],
            1 => fields[1],
            2 => "ssh-rsa " + fields[1],
            3 => $"{fields[0]} {fields[1][..^5]}",
            4 => $"{fields[0]}\t {fields[1]} a comment",
            _ => $"{fields[0]} {fields[1]}",
        };
        return $"{start}{marker}{names} {body}";
    }

    /// <summary>Reads what ssh-keygen -l -F prints: a line about each line that it found, and then its key.</summary>
    private static List<(string Marker, string Key)> Read(string output)
    {
        var (found, marker) = (new List<(string, string)>(), "");
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# Host ", StringComparison.Ordinal))
            {
                marker = line.EndsWith("REVOKED", StringComparison.Ordinal) ? "REVOKED" : line.EndsWith("CA", StringComparison.Ordinal) ? "CA" : "";
            }
            else
            {
                found.Add((marker, line.Split(' ').Single(word => word.StartsWith("SHA256:", StringComparison.Ordinal))));
            }
        }

        return found;
    }
}
