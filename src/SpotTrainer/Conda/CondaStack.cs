using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Conda;

/// <summary>A Python stack on a host.</summary>
public sealed class CondaStack
{
    internal CondaStack(TrainingHost instance, CondaReport report, IReadOnlyList<CondaPackage> packages, IReadOnlyDictionary<string, TimeSpan> phases)
    {
        Instance = instance;
        Prefix = TerminalText.Line(report.Prefix);
        CondaVersion = TerminalText.Line(report.CondaVersion);
        PythonVersion = TerminalText.Line(report.PythonVersion);
        Platform = TerminalText.Line(report.Platform);
        AllPackages = report.Packages;
        Packages = packages;
        Phases = phases;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The folder on the host where it is installed.</summary>
    public string Prefix { get; }

    /// <summary>The version of conda.</summary>
    public string CondaVersion { get; }

    /// <summary>The version of Python.</summary>
    public string PythonVersion { get; }

    /// <summary>What conda calls the machine, such as <c>linux-64</c> or <c>linux-aarch64</c>.</summary>
    public string Platform { get; }

    /// <summary>The packages that were asked for.</summary>
    public IReadOnlyList<CondaPackage> Packages { get; }

    /// <summary>All packages that are there.</summary>
    public IReadOnlyList<CondaPackage> AllPackages { get; }

    /// <summary>How long each phase took: download, verify, unpack, solve, link, pip, check. Empty if everything was there already.</summary>
    public IReadOnlyDictionary<string, TimeSpan> Phases { get; }

    /// <summary>How long it took in seconds, without the connection; 0 if everything was there already.</summary>
    public double Seconds => Math.Round(Phases.Values.Sum(time => time.TotalSeconds), 1);

    /// <summary>The exact list of all packages. Export-CondaLock writes it to a file, for Install-CondaStack -LockFile.</summary>
    public string Lock => CondaLock.Write(this);

    /// <inheritdoc/>
    public override string ToString() => $"Python {PythonVersion} on {Instance}";
}
