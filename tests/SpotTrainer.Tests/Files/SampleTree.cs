namespace SpotTrainer.Tests.Files;

/// <summary>A small tree with everything that is transferred.</summary>
internal static class SampleTree
{
    public static void Fill(string source, bool withLineEnd = true)
    {
        Directory.CreateDirectory(Path.Combine(source, "a/b/empty"));
        File.WriteAllText(Path.Combine(source, "a/b/c.txt"), "hello");
        File.WriteAllText(Path.Combine(source, "top with space"), "");
        File.WriteAllText(Path.Combine(source, "a", "-rf"), "x");
        File.WriteAllText(Path.Combine(source, "a", (withLineEnd ? "line\nend" : "line") + "\\ 'quote' \"q\" $HOME `x` *"), "odd");
        File.WriteAllText(Path.Combine(source, "a", "größe 大 🦊"), "more");
        File.WriteAllText(Path.Combine(source, "a", new string('n', 250)), "long");
        File.CreateSymbolicLink(Path.Combine(source, "a/link"), "b/c.txt");
        File.CreateSymbolicLink(Path.Combine(source, "folder link"), "a/b");
        File.SetUnixFileMode(Path.Combine(source, "a/b/c.txt"), (UnixFileMode)0x1ED);
        File.SetUnixFileMode(Path.Combine(source, "a/b/empty"), (UnixFileMode)0x140);
        File.SetLastWriteTimeUtc(Path.Combine(source, "a/b/c.txt"), new DateTime(1999, 12, 31, 23, 59, 59, DateTimeKind.Utc).AddTicks(1234567));
        var big = new byte[20 << 20];
        new Random(1).NextBytes(big.AsSpan(0, 18 << 20));
        File.WriteAllBytes(Path.Combine(source, "a/big"), big);
        Directory.SetLastWriteTimeUtc(Path.Combine(source, "a/b"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
    }
}
