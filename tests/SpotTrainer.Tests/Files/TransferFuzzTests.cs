using System.Text;
using SpotTrainer.Files;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>Damaged answers of hosts are refused, and in no other way than by these two errors. SPOTTRAINER_FULL=1 tries a hundred times as many.</summary>
public sealed class TransferFuzzTests
{
    private const int Seed = 20_261_127;

    private static readonly int Rounds = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 200_000 : 2000;

    [Fact]
    public async Task Archives()
    {
        using var folder = new TemporaryFolder();
        var tree = Directory.CreateDirectory(folder["tree"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(tree, "a"), "hello", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(tree, new string('n', 200)), "long", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(tree, "link"), new string('t', 150));
        (await Programs.RunAsync("tar", "-c", "-b", "4", "--format=gnu", "-f", folder["archive"], "-C", tree, ".")).Succeeded();
        Fuzz(await File.ReadAllBytesAsync(folder["archive"], TestContext.Current.CancellationToken), bytes =>
        {
            var (reader, buffer) = (new TarReader(new MemoryStream(bytes)), new byte[700]);
            while (reader.Next(2048) is not null)
            {
                while (reader.Read(buffer, buffer.Length) > 0)
                {
                }
            }
        });
    }

    [Fact]
    public void Words() => Fuzz(
        Encoding.UTF8.GetBytes("at\0/x\0free\0123\0have\0f 644 5 1000000000.1234567890\0./größe\0\0have\0l 777 1 -5.0\0./l\0x\0piece\0k/0-5-h\0hash\0"
            + new string('a', 64) + "  ./x\0"),
        bytes =>
        {
            using var words = new WordStream(new MemoryStream(bytes));
            var (host, said) = (new HostFolder(), new List<Word>());
            while (words.ReadWord() is { } word)
            {
                said.Add(word);
                if (said.Count > HostFolder.Arity(said[0].Text))
                {
                    host.Take(said);
                    said.Clear();
                }
            }
        });

    [Fact]
    public void Entries() => Fuzz(
        Encoding.UTF8.GetBytes("f 644 1234 1700000000.1234567890"), bytes => HostEntry.Parse(Encoding.UTF8.GetString(bytes), "x"));

    private static void Fuzz(byte[] valid, Action<byte[]> read)
    {
        read(valid);
        var (random, refused) = (new Random(Seed), 0);
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = valid.ToArray();
            for (var count = random.Next(1, 6); count > 0; count--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(3) switch
                {
                    0 => (byte)random.Next(256), 1 => (byte)"0123456789 .-/\0LK"[random.Next(17)], _ => bytes[random.Next(bytes.Length)],
                };
            }

            bytes = random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
            try
            {
                read(bytes);
            }
            catch (Exception exception) when (exception is FormatException or EndOfStreamException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, Rounds / 50, Rounds);
    }
}
