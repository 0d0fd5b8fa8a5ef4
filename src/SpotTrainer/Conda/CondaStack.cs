using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Conda;

/// <summary>A Python stack on a host.</summary>
public sealed class CondaStack
{
    internal CondaStack(TrainingHost instance, string prefix, string condaVersion, string pythonVersion, IReadOnlyList<string> package)
    {
        Instance = instance;
        Prefix = prefix;
        CondaVersion = TerminalText.Clean(condaVersion);
        PythonVersion = TerminalText.Clean(pythonVersion);
        Packages = package;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The folder on the host where it is installed.</summary>
    public string Prefix { get; }

    /// <summary>The version of conda, as conda reports it.</summary>
    public string CondaVersion { get; }

    /// <summary>The version of Python.</summary>
    public string PythonVersion { get; }

    /// <summary>The requested packages.</summary>
    public IReadOnlyList<string> Packages { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{CondaVersion} on {Instance}";
}
