using System.Management.Automation;
using SpotTrainer.Files;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>Fetches the results of jobs: every file that a job wrote, also in its data folder, and its log.</summary>
[Cmdlet(VerbsCommunications.Receive, "TrainingResult", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingResult), typeof(TransferredFile))]
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

    /// <summary>
    /// Fetches only what one of these patterns matches, and the log. They have the rules of .gitignore. The job then counts as not fetched.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Include { get; set; } = [];

    /// <summary>Does not fetch what one of these patterns matches. They have the rules of .gitignore. The job then counts as not fetched.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Exclude { get; set; } = [];

    /// <summary>Compares files by their contents. Otherwise, a file with the same size and time is the same.</summary>
    [Parameter]
    public SwitchParameter Checksum { get; set; }

    /// <summary>Returns an object for each file instead of one for all.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var job in Job)
        {
            var destination = DestinationPath(
                Destination is null ? job.Id : destinationTaken ? System.IO.Path.Combine(Destination, job.Id) : Destination);
            destinationTaken = true;
            if (GetHere(job, () => LocalStage.Require(destination)) is null)
            {
                continue;
            }

            var request = ResultRequest.Of(job, destination) with { Include = Include, Exclude = Exclude, Checksum = Checksum };
            if (ShouldProcess(destination, (IsWhatIf ? Plan(job, request) : null) ?? $"fetch the results of {job}"))
            {
                StartThrottled(job, async stopping =>
                {
                    var known = await JobFinder.ResolveAsync(job, Context, stopping);
                    var result = await HostFinder.WorkAsync(
                        known.Instance, () => ResultReceiver.ReceiveAsync(known, request, Context, stopping), Context, stopping);
                    await (PassThru ? Output.ObjectsAsync(result.Each()) : Output.ObjectAsync(result));
                });
            }
        }
    }

    /// <summary>Says what would be fetched; null if that cannot be found out, for which there is an error.</summary>
    private string? Plan(TrainingJob job, ResultRequest request) => Get(job, async stopping =>
    {
        var known = await JobFinder.ResolveAsync(job, Context, stopping);
        var plan = await ResultReceiver.PlanAsync(known, request, Context, stopping);
        return PlanText.Of("fetch", plan.Files, plan.Bytes, $" of {known}", plan.Unchanged, "here", skipped: 0, plan.Problems, "fetched");
    });
}
