using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace SpotTrainer.Benchmarks;

/// <summary>A hosted PowerShell session.</summary>
internal sealed class Session : IDisposable
{
    private readonly Runspace runspace;

    public Session()
    {
        runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();

        // The hosted engine has no Set-Location.
        runspace.SessionStateProxy.Path.SetLocation(Root);
    }

    /// <summary>The root of the repository.</summary>
    public static string Root =>
        typeof(Session).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(fact => fact.Key == "Root").Value!;

    /// <summary>Runs a script. An error ends the benchmark.</summary>
    public Collection<PSObject> Run(string script)
    {
        using var pipeline = PowerShell.Create(runspace);
        var output = pipeline.AddScript("$ErrorActionPreference = 'Stop'; " + script).Invoke();
        return pipeline.HadErrors ? throw new InvalidOperationException(string.Join('\n', pipeline.Streams.Error)) : output;
    }

    public void Dispose() => runspace.Dispose();
}
