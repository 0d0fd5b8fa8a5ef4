using System.Globalization;
using System.Text.Json.Serialization;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>What a user asks to be run. It can be written to disk and read back: starting it again finds the job that it started before.</summary>
internal sealed record JobRequest
{
    /// <summary>The job's name on the machine.</summary>
    public string Id { get; init; } = string.Empty;

    /// <summary>Whether the job cannot have been started yet. A request that was read back may have been started.</summary>
    [JsonIgnore]
    public bool IsNew { get; init; }

    /// <summary>The full path of the notebook or script on this computer.</summary>
    public string Path { get; init; } = string.Empty;

    /// <summary>The folder of the Python stack on the machine.</summary>
    public string Prefix { get; init; } = MachineLayout.CondaPrefix;

    /// <summary>The file's name, here and on the machine.</summary>
    [JsonIgnore]
    public string Notebook => System.IO.Path.GetFileName(Path);

    /// <summary>The job's folder on the machine.</summary>
    [JsonIgnore]
    public string Folder => $"{MachineLayout.Jobs}/{Id}";

    /// <summary>Creates the request of a new job.</summary>
    /// <param name="path">The notebook or script.</param>
    /// <param name="prefix">The folder of the Python stack on the machine.</param>
    /// <param name="now">The time now, which the job's name shows.</param>
    public static JobRequest Create(string path, string prefix, DateTimeOffset now) => new()
    {
        Id = string.Format(CultureInfo.InvariantCulture, "{0}-{1:yyyyMMdd-HHmmss}-{2}",
            System.IO.Path.GetFileNameWithoutExtension(path), now.UtcDateTime, Guid.NewGuid().ToString("N").Substring(0, 6)),
        IsNew = true,
        Path = path,
        Prefix = prefix,
    };
}
