using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Rehearsal;

/// <summary>Ends a rehearsal with all its instances, ports, and files.</summary>
[Cmdlet(VerbsLifecycle.Stop, "SpotRehearsal", SupportsShouldProcess = true)]
[OutputType(typeof(SpotRehearsal))]
public sealed class StopSpotRehearsalCommand : StepCmdlet
{
    /// <summary>The rehearsal, or its URL. The default is the one that is running.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    [RehearsalReference]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public SpotRehearsal? Rehearsal { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var meant = Rehearsal;
        if (Get(meant, _ => Task.FromResult(ActiveRehearsal.Require(meant))) is { } rehearsal
            && ShouldProcess(rehearsal.ToString(), "stop, and delete its instances and files"))
        {
            Run(rehearsal, async _ =>
            {
                await RehearsalControl.StopAsync(rehearsal, Output);
                await Output.ObjectAsync(rehearsal);
            });
        }
    }
}
