using System.Management.Automation;

namespace SpotTrainer.Jobs;

/// <summary>Waits until jobs end. A job that failed is emitted as well, and causes an error.</summary>
[Cmdlet(VerbsLifecycle.Wait, "TrainingJob")]
[OutputType(typeof(TrainingJob))]
public sealed class WaitTrainingJobCommand : JobCmdlet
{
    private protected override bool IsLimited => false;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var job in Job)
        {
            StartThrottled(job, async stopping =>
            {
                var ended = await JobRunner.WaitAsync(job, Context, stopping);
                await Output.ObjectAsync(ended);
                if (ended.State != "succeeded")
                {
                    throw JobRunner.Failure(ended);
                }
            });
        }
    }
}
