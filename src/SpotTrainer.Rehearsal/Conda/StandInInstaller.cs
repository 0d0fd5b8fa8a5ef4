using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace SpotTrainer.Rehearsal.Conda;

/// <summary>
/// The rehearsal's stand-ins for conda's installers: a header as constructor writes it (installer.sh), and behind it the stand-in for conda
/// (conda.py). Each version of each distribution has one, as a file, and a file with its SHA-256, as Miniforge publishes it.
/// </summary>
internal static class StandInInstaller
{
    /// <summary>The folder that has them.</summary>
    public const string Folder = "/conda/";

    private static readonly Regex Name = new(
        @"\A/conda/(?<distribution>Miniforge3|Miniconda3|Anaconda3)-(?<version>(py\d+_)?(?<conda>\d+(\.\d+)*)(-\d+)?)-Linux-(?<platform>x86_64|aarch64)\.sh(?<sum>\.sha256)?\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    /// <summary>Returns the file that a path names; null if there is none.</summary>
    public static byte[]? Find(string path)
    {
        var match = Name.Match(path);
        if (!match.Success)
        {
            return null;
        }

        var installer = Make(
            match.Groups["distribution"].Value, match.Groups["version"].Value, match.Groups["conda"].Value, match.Groups["platform"].Value);
        return match.Groups["sum"].Success
            ? Encoding.ASCII.GetBytes($"{Hex(SHA256.HashData(installer))}  ./{Path.GetFileNameWithoutExtension(path)}\n") : installer;
    }

    private static byte[] Make(string distribution, string version, string conda, string platform)
    {
        var payload = Encoding.UTF8.GetBytes(Read("conda.py").Replace("@CONDA@", conda, StringComparison.Ordinal)
            .Replace("@NAME@", distribution, StringComparison.Ordinal));
#pragma warning disable CA5351 // The header of a real installer has an MD5 hash.
        var sum = Hex(MD5.HashData(payload));
#pragma warning restore CA5351
        var header = Read("installer.sh").Replace("@NAME@", distribution, StringComparison.Ordinal).Replace("@VERSION@", version, StringComparison.Ordinal)
            .Replace("@PLATFORM@", platform == "aarch64" ? "linux-aarch64" : "linux-64", StringComparison.Ordinal)
            .Replace("@DEFAULT@", distribution.ToLowerInvariant(), StringComparison.Ordinal).Replace("@MD5@", sum, StringComparison.Ordinal);
        return [.. Encoding.UTF8.GetBytes(header), .. payload];
    }

    private static string Hex(byte[] bytes) => string.Concat(bytes.Select(one => one.ToString("x2", CultureInfo.InvariantCulture)));

    private static string Read(string name)
    {
        using var stream = typeof(StandInInstaller).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
