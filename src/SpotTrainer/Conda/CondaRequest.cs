using System.Text.Json.Serialization;
using SpotTrainer.Remote;

namespace SpotTrainer.Conda;

/// <summary>What a user asks to be installed. It can be written to disk and read back; what is already installed is kept.</summary>
internal sealed record CondaRequest
{
    /// <summary>What jobs need to run notebooks, which is always installed.</summary>
    public static readonly IReadOnlyList<string> ForJobs = ["nbclient", "ipykernel"];

    /// <summary>The installer that makes the base: its distribution; null for any that is there, or else Miniforge.</summary>
    public string? Distribution { get; init; }

    /// <summary>The version of the installer; null for any that is there, or else the newest that the module knows.</summary>
    public string? Version { get; init; }

    /// <summary>The SHA-256 of the installer in hexadecimal; null if it is known, or published.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The address of a folder with installers; null for the official one, or for a rehearsal's stand-in.</summary>
    public string? Mirror { get; init; }

    /// <summary>Whether the user accepts Anaconda's terms for the channels that have them.</summary>
    public bool AcceptsTerms { get; init; }

    /// <summary>The folder of the base on the host.</summary>
    public string Prefix { get; init; } = MachineLayout.CondaPrefix;

    /// <summary>The name of the environment in it; null for the base itself.</summary>
    public string? Name { get; init; }

    /// <summary>The packages, as conda's specifications: <c>pandas</c>, <c>pandas=2.2</c>, <c>conda-forge::pandas</c>.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>The lines of a requirements file for pip.</summary>
    public IReadOnlyList<string> PipPackages { get; init; } = [];

    /// <summary>The channels that the packages come from, the first one first.</summary>
    public IReadOnlyList<string> Channels { get; init; } = ["conda-forge"];

    /// <summary>The version of Python, such as <c>3.12</c>; null for the newest that fits.</summary>
    public string? Python { get; init; }

    /// <summary>Environment variables that the stack sets.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether packages that have builds for CUDA must be those.</summary>
    public bool Gpu { get; init; }

    /// <summary>The text of a lock file; null for none. It takes the place of all packages.</summary>
    public string? Lock { get; init; }

    /// <summary>Whether what is there is deleted and rebuilt.</summary>
    public bool Force { get; init; }

    /// <summary>Whether this stack becomes the user's default: it has neither a name nor a folder of its own.</summary>
    public bool IsDefault { get; init; }

    /// <summary>How long everything may take.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The time after which a download that hardly moves ends.</summary>
    [JsonIgnore]
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The folder of the environment, which is the base's own without a name.</summary>
    [JsonIgnore]
    public string Target => Name is null ? Prefix : $"{Prefix}/envs/{Name}";

    /// <summary>Returns what decides what is installed, as a text. The same text finds everything installed.</summary>
    public string Wishes() => string.Join("\n",
        [
            .. CondaSpecs.Of(this).Select(spec => "conda " + spec), .. Channels.Select(channel => "channel " + channel),
            .. PipPackages.Select(line => "pip " + line), .. Variables.Select(one => $"variable {one.Key}={one.Value}"),
            .. Lock is null ? Array.Empty<string>() : ["lock", Lock.TrimEnd()],
        ]);
}
