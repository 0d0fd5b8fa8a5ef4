using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace SpotTrainer.Tests.Support;

/// <summary>A hosted PowerShell with the packaged module imported, as a user of the Gallery's package has it.</summary>
internal sealed class ModuleRunspace : IDisposable
{
    private readonly Runspace runspace;

    public ModuleRunspace()
    {
        var state = InitialSessionState.CreateDefault2();
        state.Variables.Add(new SessionStateVariableEntry("PSModuleAutoLoadingPreference", PSModuleAutoLoadingPreference.None, string.Empty));
        runspace = RunspaceFactory.CreateRunspace(state);
        runspace.Open();
        Import();
    }

    /// <summary>Imports the module by its manifest.</summary>
    public void Import(bool force = false)
    {
        var result = Run(
            "param($manifest, $force) Import-Module $manifest -Force:$force -ErrorAction Stop",
            new Dictionary<string, object>(StringComparer.Ordinal) { ["manifest"] = BuildFacts.Manifest, ["force"] = force });
        Assert.Empty(result.Errors);
    }

    /// <summary>Runs a script's text. A terminating error is the last of the errors.</summary>
    /// <param name="script">The text, with a param() for the arguments.</param>
    /// <param name="arguments">The arguments by name.</param>
    public ModuleResult Run(string script, IDictionary<string, object>? arguments = null)
    {
        using var pipeline = PowerShell.Create(runspace);
        pipeline.AddScript(script);
        foreach (var (name, value) in arguments ?? new Dictionary<string, object>(StringComparer.Ordinal))
        {
            pipeline.AddParameter(name, value);
        }

        var output = new PSDataCollection<PSObject>();
        ErrorRecord? terminating = null;
        try
        {
            pipeline.Invoke(input: null, output);
        }
        catch (RuntimeException exception)
        {
            terminating = exception.ErrorRecord;
        }

        return new ModuleResult(
            [.. output],
            terminating is null ? [.. pipeline.Streams.Error] : [.. pipeline.Streams.Error, terminating],
            [.. pipeline.Streams.Warning.Select(warning => warning.Message)]);
    }

    public void Dispose()
    {
        Run("Remove-Module SpotTrainer -Force -ErrorAction Ignore");
        runspace.Dispose();
    }
}

/// <summary>What a script gave.</summary>
internal sealed record ModuleResult(IReadOnlyList<PSObject> Output, IReadOnlyList<ErrorRecord> Errors, IReadOnlyList<string> Warnings);
