using System.Globalization;
using System.Text.Json.Serialization;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>What a user asks to be run. It can be written to disk and read back. A second start finds the job of the first.</summary>
internal sealed record JobRequest
{
    /// <summary>The longest name of a file on Linux, in bytes.</summary>
    private const int LongestName = 255;

    /// <summary>The job's ID, which is also the name of its folder on the host.</summary>
    public string Id { get; init; } = string.Empty;

    /// <summary>Whether the job has certainly not been started. The job of a request that was read back may have been.</summary>
    [JsonIgnore]
    public bool IsNew { get; init; }

    /// <summary>The full path of the notebook or script on this computer.</summary>
    public string Path { get; init; } = string.Empty;

    /// <summary>The folder of the Python stack on the host.</summary>
    public string Prefix { get; init; } = MachineLayout.CondaPrefix;

    /// <summary>The file name, on this computer and on the host.</summary>
    [JsonIgnore]
    public string Notebook => System.IO.Path.GetFileName(Path);

    /// <summary>The job's folder on the host.</summary>
    [JsonIgnore]
    public string Folder => $"{MachineLayout.Jobs}/{Id}";

    /// <summary>Whether a text can be the ID of a job, and so the name of its folder.</summary>
    public static bool IsId(string text) => IsFileName(text) && TerminalText.IsPlain(text) && text.Length <= LongestName;

    /// <summary>Whether a text is the name of a file, and nothing that leads elsewhere.</summary>
    public static bool IsFileName(string text) =>
        text.Length > 0 && text is not ("." or "..") && text.All(letter => letter is not ('/' or '\\') && !char.IsControl(letter));

    /// <summary>Creates the request for a new job.</summary>
    /// <param name="path">The notebook or script.</param>
    /// <param name="prefix">The folder of the Python stack on the host.</param>
    /// <param name="now">The current time, which becomes part of the job's ID.</param>
    public static JobRequest Create(string path, string prefix, DateTimeOffset now) => new()
    {
        Id = string.Format(CultureInfo.InvariantCulture, "{0}-{1:yyyyMMdd-HHmmss}-{2}",
            PlainStem(path), now.UtcDateTime, Guid.NewGuid().ToString("N").Substring(0, 6)),
        IsNew = true,
        Path = path,
        Prefix = prefix,
    };

    /// <summary>The start of an ID, which every list of jobs shows.</summary>
    private static string PlainStem(string path) => string.Concat(
        System.IO.Path.GetFileNameWithoutExtension(path).Select(letter => TerminalText.IsPlain(letter.ToString()) ? letter : '_'));
}
