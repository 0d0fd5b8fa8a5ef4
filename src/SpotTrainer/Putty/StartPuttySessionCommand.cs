using System.Diagnostics;
using System.Management.Automation;
using SpotTrainer.Remote;

namespace SpotTrainer.Putty;

/// <summary>Opens a saved session, or a host, in PuTTY.</summary>
[Cmdlet(VerbsLifecycle.Start, "PuttySession", SupportsShouldProcess = true, DefaultParameterSetName = BySession)]
[OutputType(typeof(Process))]
public sealed class StartPuttySessionCommand : HostStepCmdlet
{
    private const string BySession = "Session";
    private const string ByHost = "Instance";

    /// <summary>The session's name.</summary>
    [Parameter(
        Mandatory = true, Position = 0, ParameterSetName = BySession, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PuttySessionCompleter))]
    [PuttySessionReference]
    public string Name { get; set; } = string.Empty;

    /// <inheritdoc/>
    [Parameter(Mandatory = true, ParameterSetName = ByHost, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Alias("TrainingHost")]
    [HostReference]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    [SupportsWildcards]
    public override TrainingHost[] Instance { get; set; } = [];

    /// <summary>Overwrites a session that has the name of the host, but is for another host. Its other settings are kept.</summary>
    [Parameter(ParameterSetName = ByHost)]
    public SwitchParameter Force { get; set; }

    /// <summary>Returns PuTTY's process.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override string Action => "open in PuTTY";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == ByHost)
        {
            base.ProcessRecord();
            return;
        }

        // Checked before ShouldProcess, so that -WhatIf also reports errors.
        var store = PuttySessionStore.ForThisUser();
        if (GetHere(Name, () => PuttyProgram.Require(store, Name)) is not null && ShouldProcess(Name, Action)
            && GetHere(Name, () => PuttyProgram.Open(Name)) is { } process)
        {
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

    private protected override void Preview(TrainingHost host) => GetHere(host, () => PuttyProgram.Require(host.Label));

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var (force, passThru) = (Force.IsPresent, PassThru.IsPresent);
        return async stopping =>
        {
            // Nothing is written for a program that is missing.
            PuttyProgram.Require(host.Label);
            var process = PuttyProgram.Open(
                await PuttySessionWriter.EnsureAsync(PuttySessionStore.ForThisUser(), host, force, Context, stopping));
            if (passThru)
            {
                await Output.ObjectAsync(process);
            }
            else
            {
                process.Dispose();
            }
        };
    }
}
