using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace SpotTrainer.Shell;

/// <summary>One run of a script: the engine, the module, the way out.</summary>
internal sealed class ShellSession : IDisposable
{
    private const int Failed = 1;

    private readonly ShellOptions options;
    private readonly ShellTerminal terminal = new();
    private readonly StopSignals signals = new();
    private readonly ShellHost host;
    private readonly Runspace runspace;

    public ShellSession(ShellOptions options)
    {
        this.options = options;
        host = new ShellHost(terminal, signals.Token);
        if (!terminal.OutputHasColour)
        {
            PSStyle.Instance.OutputRendering = OutputRendering.PlainText;
        }

        var state = InitialSessionState.CreateDefault2();
        state.ThreadOptions = PSThreadOptions.ReuseThread;

        // What a script can use must not depend on the modules that happen to lie in the user's profile.
        state.Variables.Add(new SessionStateVariableEntry("PSModuleAutoLoadingPreference", PSModuleAutoLoadingPreference.None, string.Empty));
        if (OperatingSystem.IsWindows())
        {
            state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.Bypass;
        }

        runspace = RunspaceFactory.CreateRunspace(host, state);
    }

    /// <summary>Imports the module, runs what was asked for, removes the module.</summary>
    /// <returns>The process's exit code.</returns>
    public int Run()
    {
        runspace.Open();
        runspace.SessionStateProxy.Path.SetLocation(WildcardPattern.Escape(Environment.CurrentDirectory));
        try
        {
            var code = ImportModule() ? RunScript() : Failed;
            return signals.ExitCode ?? code;
        }
        finally
        {
            RemoveModule();
            terminal.EndProgress();
        }
    }

    public void Dispose()
    {
        runspace.Dispose();
        signals.Dispose();
        terminal.Dispose();
    }

    private bool ImportModule()
    {
        var manifest = ModuleFinder.Find(AppContext.BaseDirectory);
        if (manifest is null)
        {
            terminal.WriteError($"There is no SpotTrainer.psd1 in {AppContext.BaseDirectory} or above it.");
            return false;
        }

        using var import = PowerShell.Create(runspace);
        import.AddCommand("Import-Module").AddParameter("Name", manifest).AddParameter("ErrorAction", "Stop");
        return Invoke(import);
    }

    private int RunScript()
    {
        if (signals.ExitCode is not null)
        {
            return Failed;
        }

        using var run = PowerShell.Create(runspace);
        run.AddScript(options.Text, useLocalScope: false).AddCommand("Out-Default");
        return Invoke(run) ? host.ExitCode ?? 0 : host.ExitCode ?? Failed;
    }

    private void RemoveModule()
    {
        using var remove = PowerShell.Create(runspace);
        remove.AddCommand("Remove-Module").AddParameter("Name", "SpotTrainer").AddParameter("Force", value: true)
            .AddParameter("ErrorAction", "Ignore");

        // A signal has already stopped what was to be stopped: connections are closed in any case.
        Invoke(remove, stoppable: false);
    }

    /// <summary>Runs a pipeline and shows its errors as they come.</summary>
    /// <returns>False after a terminating error and when it was stopped.</returns>
    private bool Invoke(PowerShell pipeline, bool stoppable = true)
    {
        pipeline.Streams.Error.DataAdded += (_, added) => terminal.WriteError(ErrorText.Of(pipeline.Streams.Error[added.Index]));
        using var stop = stoppable ? signals.Token.Register(() => pipeline.BeginStop(callback: null, state: null)) : default;
        try
        {
            pipeline.Invoke();
            return pipeline.InvocationStateInfo.State == PSInvocationState.Completed;
        }
        catch (PipelineStoppedException)
        {
            return false;
        }
        catch (RuntimeException exception)
        {
            terminal.WriteError(ErrorText.Of(exception.ErrorRecord));
            return false;
        }
    }
}
