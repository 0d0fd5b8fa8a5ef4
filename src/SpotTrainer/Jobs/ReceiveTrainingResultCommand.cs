using System.Management.Automation;

namespace SpotTrainer.Jobs;

/// <summary>Fetches what jobs left: the executed notebook, its context, and every file that it wrote.</summary>
[Cmdlet(VerbsCommunications.Receive, "TrainingResult", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingResult))]
public sealed class ReceiveTrainingResultCommand : JobCmdlet
{
    private bool destinationTaken;

    /// <summary>
    /// The folder on this computer; one named after the job when left out. Of several jobs, the second and later ones get folders of their
    /// own below it.
    /// </summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var job in Job)
        {
            var destination = FullPath(Destination is null ? job.Id : destinationTaken ? System.IO.Path.Combine(Destination, job.Id) : Destination);
            destinationTaken = true;
            if (ShouldProcess(destination, $"fetch the results of {job}"))
            {
                StartThrottled(job, async stopping => await Output.ObjectAsync(await ResultReceiver.ReceiveAsync(job, destination, Context, stopping)));
            }
        }
    }
}
