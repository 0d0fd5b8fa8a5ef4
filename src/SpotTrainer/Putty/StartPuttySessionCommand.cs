using System.ComponentModel;
using System.Diagnostics;
using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Putty;

/// <summary>Opens a saved session in PuTTY.</summary>
[Cmdlet(VerbsLifecycle.Start, "PuttySession", SupportsShouldProcess = true)]
[OutputType(typeof(Process))]
public sealed class StartPuttySessionCommand : StepCmdlet
{
    /// <summary>The session's name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PuttySessionCompleter))]
    public string Name { get; set; } = string.Empty;

    /// <summary>Returns PuTTY's process.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            // Checked before ShouldProcess, so that -WhatIf also reports errors.
            var store = PuttySessionStore.ForThisUser();
            PuttyProgram.Require(store, Name);
            if (ShouldProcess(Name, "open in PuTTY"))
            {
                var process = PuttyProgram.Open(store, Name);
                if (PassThru)
                {
                    WriteObject(process);
                }
                else
                {
                    process.Dispose();
                }
            }
        }
        catch (Exception exception) when (exception is SpotTrainerException or IOException or UnauthorizedAccessException or Win32Exception)
        {
            WriteError(ErrorRecords.From(exception, Name));
        }
    }
}
