
using SpotTrainer.Remote;

namespace SpotTrainer.Conda;

/// <summary>A Python stack on a machine.</summary>
public sealed class CondaStack
{
    internal CondaStack(TrainingHost instance, string prefix, string condaVersion, string pythonVersion, IReadOnlyList<string> package)
    {
        Instance = instance;
        Prefix = prefix;
        CondaVersion = condaVersion;
        PythonVersion = pythonVersion;
        Package = package;
    }

    /// <summary>The machine.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The folder on the machine that it was installed to.</summary>
    public string Prefix { get; }

    /// <summary>The version of conda, as it says it itself.</summary>
    public string CondaVersion { get; }

    /// <summary>The version of Python.</summary>
    public string PythonVersion { get; }

    /// <summary>The packages that were asked for.</summary>
    public IReadOnlyList<string> Package { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{CondaVersion} on {Instance}";
}
