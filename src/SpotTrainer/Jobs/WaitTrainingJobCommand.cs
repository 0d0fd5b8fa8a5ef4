using System.Management.Automation;
using SpotTrainer.Foundation;

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
                var known = await JobFinder.ResolveAsync(job, Context, stopping);
                try
                {
                    var ended = await JobRunner.WaitAsync(known, Context, stopping);
                    await Output.ObjectAsync(ended);
                    if (ended.State != "succeeded")
                    {
                        throw JobRunner.Failure(ended);
                    }
                }
                catch (SpotTrainerException exception) when (exception.Id == "InstanceInterrupted")
                {
                    await Output.ObjectAsync(JobRunner.Interrupted(known, exception.Message, Context));
                    throw;
                }
            });
        }
    }
}
