using SpotTrainer.Foundation;

namespace SpotTrainer.Conda;

/// <summary>The installers: where they are, and the SHA-256 hashes that the module knows (installers.sha256).</summary>
internal static class CondaInstallers
{
    /// <summary>The distribution that is installed unless a user wants another one. Its channel has no terms.</summary>
    public const string Default = "Miniforge3";

    private const string Releases = "https://github.com/conda-forge/miniforge/releases/download";
    private const string Linux = "-Linux-";

    private static readonly Lazy<IReadOnlyList<Installer>> Table = new(Read);

    /// <summary>The addresses of the publishers. In a rehearsal, something else is in their place.</summary>
    public static IReadOnlyList<string> Publishers { get; } =
        [Releases, "https://repo.anaconda.com/miniconda", "https://repo.anaconda.com/archive"];

    /// <summary>The versions of a distribution with a known hash, the newest first.</summary>
    public static IEnumerable<string> Versions(string distribution) => Table.Value
        .Where(one => one.Distribution.Equals(distribution, StringComparison.OrdinalIgnoreCase)).Select(one => one.Version).Distinct(StringComparer.Ordinal);

    /// <summary>Returns the publisher of a distribution.</summary>
    public static string PublisherOf(string distribution) => Publishers[distribution switch { Default => 0, "Miniconda3" => 1, _ => 2 }];

    /// <summary>Returns the folder at the publisher's address that has a version.</summary>
    public static string FolderOf(string distribution, string version) =>
        distribution == Default ? $"{Releases}/{version}" : PublisherOf(distribution);

    /// <summary>Returns the name of an installer's file.</summary>
    /// <param name="distribution">The distribution.</param>
    /// <param name="version">The version.</param>
    /// <param name="architecture">What <c>uname -m</c> prints.</param>
    public static string FileOf(string distribution, string version, string architecture) => $"{distribution}-{version}{Linux}{architecture}.sh";

    /// <summary>Returns the known hashes of a version, each with its architecture: <c>x86_64=HASH</c>.</summary>
    public static IReadOnlyList<string> HashesOf(string distribution, string version) => Table.Value
        .Where(one => one.Distribution == distribution && one.Version == version).Select(one => $"{one.Architecture}={one.Hash}").ToArray();

    private static IReadOnlyList<Installer> Read() => EmbeddedScript.Read("installers.sha256").Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#').Select(Parse).ToArray();

    private static Installer Parse(string line)
    {
        var words = line.Split([' '], StringSplitOptions.RemoveEmptyEntries);
        var name = words[1];
        var (dash, linux) = (name.IndexOf('-'), name.IndexOf(Linux, StringComparison.Ordinal));
        return new Installer(
            name.Substring(0, dash), name.Substring(dash + 1, linux - dash - 1),
            name.Substring(linux + Linux.Length, name.Length - linux - Linux.Length - ".sh".Length), words[0]);
    }

    private sealed record Installer(string Distribution, string Version, string Architecture, string Hash);
}
