using System.ComponentModel;
using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Keys;

/// <summary>Opens a session in PuTTY.</summary>
[Cmdlet(VerbsLifecycle.Start, "PuttySession", SupportsShouldProcess = true)]
[OutputType(typeof(int))]
public sealed class StartPuttySessionCommand : StepCmdlet
{
    /// <summary>The session's name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PuttySessionCompleter))]
    public string Name { get; set; } = string.Empty;

    /// <summary>Gives the id of PuTTY's process.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            // Before the question, so that -WhatIf finds the errors too.
            var store = PuttySessionStore.ForThisUser();
            PuttyProgram.Require(store, Name);
            if (ShouldProcess(Name, "open in PuTTY"))
            {
                var id = PuttyProgram.Open(store, Name);
                if (PassThru)
                {
                    WriteObject(id);
                }
            }
        }
        catch (Exception exception) when (exception is SpotTrainerException or IOException or UnauthorizedAccessException or Win32Exception)
        {
            WriteError(ErrorRecords.From(exception, Name));
        }
    }
}
