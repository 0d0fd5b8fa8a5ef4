using SpotTrainer.Foundation;

namespace SpotTrainer.Conda;

/// <summary>A package of a Python stack.</summary>
public sealed class CondaPackage
{
    internal CondaPackage(string name, string version, string? build, string? channel)
    {
        Name = TerminalText.Line(name);
        Version = TerminalText.Line(version);
        Build = build is null ? null : TerminalText.Line(build);
        Channel = channel is null ? null : TerminalText.Line(channel);
    }

    /// <summary>The name, as conda or pip has it.</summary>
    public string Name { get; }

    /// <summary>The version.</summary>
    public string Version { get; }

    /// <summary>conda's build of it, such as <c>cpu_py312h1</c>; null for a package that pip has installed.</summary>
    public string? Build { get; }

    /// <summary>The channel that it comes from, or <c>pypi</c>.</summary>
    public string? Channel { get; }

    /// <summary>Its address; null if it is not known.</summary>
    internal string? Url { get; init; }

    /// <summary>The MD5 hash of the file at that address, as conda's lists have it; null if it is not known.</summary>
    internal string? Md5 { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Version}";
}
