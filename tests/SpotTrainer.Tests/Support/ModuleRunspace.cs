using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace SpotTrainer.Tests.Support;

/// <summary>A hosted PowerShell that has imported the packaged module, as for users of the PowerShell Gallery.</summary>
internal sealed class ModuleRunspace : IDisposable
{
    private readonly Runspace runspace;

    public ModuleRunspace()
    {
        runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault());
        runspace.Open();
        Import();
    }

    /// <summary>Imports the module from its manifest.</summary>
    public void Import(bool force = false)
    {
        var result = Run(
            "param($manifest, $force) Import-Module $manifest -Force:$force -ErrorAction Stop",
            new Dictionary<string, object>(StringComparer.Ordinal) { ["manifest"] = BuildFacts.Manifest, ["force"] = force });
        Assert.Empty(result.Errors);
    }

    /// <summary>Runs a script. A terminating error is the last one in the list of errors.</summary>
    /// <param name="script">The script's text, with a param() block for the arguments.</param>
    /// <param name="arguments">The arguments, by name.</param>
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

    /// <summary>Starts a script that runs until it is disposed. Stop does the same as Ctrl+C.</summary>
    public PowerShell Begin(string script)
    {
        var pipeline = PowerShell.Create(runspace);
        pipeline.AddScript(script).BeginInvoke();
        return pipeline;
    }

    /// <summary>Closes the runspace, and leaves the module in it.</summary>
    public void Close() => runspace.Dispose();

    public void Dispose()
    {
        Run("Remove-Module SpotTrainer -Force -ErrorAction Ignore");
        runspace.Dispose();
    }
}

/// <summary>The output of a script.</summary>
internal sealed record ModuleResult(IReadOnlyList<PSObject> Output, IReadOnlyList<ErrorRecord> Errors, IReadOnlyList<string> Warnings)
{
    /// <summary>What to do about an error. The module has its own copy of the exception's type, so its name is all there is to go by.</summary>
    public static string NextStep(ErrorRecord error) => (string)PSObject.AsPSObject(error.Exception).Properties["NextStep"].Value;
}
