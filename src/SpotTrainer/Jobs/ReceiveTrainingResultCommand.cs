using System.Management.Automation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>Fetches the results of jobs: every file that a job wrote, also in its data folder, and its log.</summary>
[Cmdlet(VerbsCommunications.Receive, "TrainingResult", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingResult))]
public sealed class ReceiveTrainingResultCommand : JobCmdlet
{
    private bool destinationTaken;

    /// <summary>
    /// The folder on this computer. If there are several jobs, each job after the first gets its own folder inside it. The default is a
    /// folder named after each job in the current location.
    /// </summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var job in Job)
        {
            var destination = DestinationPath(
                Destination is null ? job.Id : destinationTaken ? System.IO.Path.Combine(Destination, job.Id) : Destination);
            destinationTaken = true;
            if (ShouldProcess(destination, $"fetch the results of {job}"))
            {
                StartThrottled(job, async stopping =>
                {
                    var known = await JobFinder.ResolveAsync(job, Context, stopping);
                    await Output.ObjectAsync(await HostFinder.WorkAsync(
                        known.Instance, () => ResultReceiver.ReceiveAsync(known, destination, Context, stopping), Context, stopping));
                });
            }
        }
    }
}
