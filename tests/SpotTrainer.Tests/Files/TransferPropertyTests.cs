using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>Random trees go there and back. rsync judges. SPOTTRAINER_FULL=1 tries two hundred.</summary>
[Trait("Speed", "Slow")]
public sealed class TransferPropertyTests
{
    private const int Seed = 20_261_127;

    private static readonly bool IsFull = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1";
    private static readonly int Trees = IsFull ? 200 : 15;

    [Fact]
    public async Task Trees_go_there_and_back()
    {
        await DebianPackages.EnsureAsync("rsync");
        using var ground = await TransferGround.StartAsync();
        for (var number = 0; number < Trees; number++)
        {
            var random = new Random(Seed + number);
            var isSafe = number % 3 > 0;
            var (source, there, back) = (ground.Folder["source"], ground.Folder["there"], ground.Folder["back"]);
            var tree = new RandomTree(source, random, withControls: !isSafe);
            tree.Fill();
            for (var round = 0; round < 3; round++)
            {
                var where = $"tree {Seed + number}, round {round}";
                await SendAsync(ground, source, there, where);
                if (isSafe)
                {
                    tree.RemoveGoneFrom(Directory.CreateDirectory(back).FullName);
                    await ReceiveAsync(ground, there, back, where);
                }

                tree.Mutate();
            }

            foreach (var folder in new[] { source, there, back }.Where(Directory.Exists))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>Whatever the names on the host, no two have the same place on Windows, and none leads out of the folder.</summary>
    [Fact]
    public void Names_for_Windows_are_safe_and_differ()
    {
        string[] words =
        [
            "a", "A", "con", "NUL", "aux.txt", "com1", "x", "X", "x.", "x ", ".", "..", "...", " ", "a:b", "a\\b", "..\\x", "C:", "a*", "a?", "a_", "é",
            "É", "ß", "SS", "ı", "I", "i", "x~2", "X~2", "a.b", "A.B", "a~2.b", ".x", "~", "PRN .x", "lpt¹", "\u212a", "k", "K", "con~2", "nul.", "nul ",
        ];
        for (var round = 0; round < (IsFull ? 20_000 : 1000); round++)
        {
            var random = new Random(Seed + round);
            var paths = Enumerable.Range(0, random.Next(1, 30))
                .Select(_ => string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Word(random))))
                .Where(LocalNames.IsSafe).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
            var (names, again) = (new LocalNames(isWindows: true, ignoreCase: true), new LocalNames(isWindows: true, ignoreCase: true));
            var mapped = paths.Select(names.Map).ToArray();
            Assert.Equal(mapped, paths.Select(again.Map));
            Assert.Equal(mapped, paths.Select(names.Map));
            Assert.Equal(mapped.Length, mapped.Distinct(StringComparer.OrdinalIgnoreCase).Count());
            Assert.All(mapped, path => Assert.All(path.Split('/'), part =>
            {
                Assert.DoesNotContain(part, WindowsName.IsForbidden);
                Assert.False(WindowsName.IsDevice(part), part);
                Assert.False(part.Length == 0 || part[^1] is '.' or ' ', $"'{part}' of '{path}'");
            }));
        }

        string Word(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 3)).Select(_ => words[random.Next(words.Length)]));
    }

    private static async Task SendAsync(TransferGround ground, string source, string there, string where)
    {
        var set = SourceSet.Find([new SendSource(source)], new IgnoreRules([], [], ignoreCase: false), TestContext.Current.CancellationToken);
        var order = new SendOrder { Destination = there, Source = source, Items = set.Items, IsExtra = set.IsExtra };
        var sent = await ground.SendAsync(order);
        Assert.True(sent.Failed.Count == 0, $"{where}: {string.Join(", ", sent.Failed)}");
        var differences = await TransferGround.DifferencesAsync(source, there);
        Assert.True(differences.Length == 0, $"{where}, sent: {differences}");
        var again = await ground.SendAsync(order);
        Assert.True(again.Files.Count + again.Deleted.Count + again.Failed.Count == 0, $"{where}, sent again: {string.Join(", ", again.Files)}");
    }

    private static async Task ReceiveAsync(TransferGround ground, string there, string back, string where)
    {
        var received = await ground.ReceiveAsync(there, back);
        Assert.True(received.Failed.Count == 0, $"{where}: {string.Join(", ", received.Failed)}");
        var differences = await TransferGround.DifferencesAsync(there, back);
        Assert.True(differences.Length == 0, $"{where}, received: {differences}");
        var again = await ground.ReceiveAsync(there, back);
        Assert.True(again.Files.Count + again.Failed.Count == 0, $"{where}, received again: {string.Join(", ", again.Files)}");
    }
}
