using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Rehearsal;

/// <summary>Ends a rehearsal with all its instances, ports, and files.</summary>
[Cmdlet(VerbsLifecycle.Stop, "SpotRehearsal", SupportsShouldProcess = true)]
[OutputType(typeof(SpotRehearsal))]
public sealed class StopSpotRehearsalCommand : StepCmdlet
{
    /// <summary>The rehearsal. The default is the one that is running.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public SpotRehearsal? Rehearsal { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var rehearsal = Rehearsal ?? ActiveRehearsal.Current;
        if (rehearsal is null)
        {
            WriteError(ErrorRecords.From(new SpotTrainerException("NoRehearsal", ErrorKind.ObjectNotFound,
                "No rehearsal is running in this session.",
                "There is nothing to stop."), target: null));
        }
        else if (ShouldProcess(rehearsal.ToString(), "stop, and delete its instances and files"))
        {
            Run(rehearsal, async _ =>
            {
                await RehearsalControl.StopAsync(rehearsal);
                await Output.ObjectAsync(rehearsal);
            });
        }
    }
}
