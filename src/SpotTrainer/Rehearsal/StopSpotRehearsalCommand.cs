using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Rehearsal;

/// <summary>Ends the rehearsal: its machines, its ports and its files are gone.</summary>
[Cmdlet(VerbsLifecycle.Stop, "SpotRehearsal", SupportsShouldProcess = true)]
[OutputType(typeof(SpotRehearsal))]
public sealed class StopSpotRehearsalCommand : StepCmdlet
{
    /// <summary>The rehearsal; the one that is on when left out.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public SpotRehearsal? Rehearsal { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var rehearsal = Rehearsal ?? ActiveRehearsal.Current;
        if (rehearsal is null)
        {
            WriteError(ErrorRecords.From(new SpotTrainerException("NoRehearsal", ErrorKind.ObjectNotFound, "No rehearsal is on in this session.",
                "There is nothing to stop."), target: null));
        }
        else if (ShouldProcess(rehearsal.ToString(), "end it, with its machines and files"))
        {
            Run(rehearsal, async _ =>
            {
                await RehearsalControl.StopAsync(rehearsal);
                await Output.ObjectAsync(rehearsal);
            });
        }
    }
}
