using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>Waits until an instance is ready or has ended.</summary>
internal static class InstanceWaitStep
{
    /// <summary>How long the look may take that decides whether a machine is ended.</summary>
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(4);

    /// <summary>The share of the time for cleanup that the look may use: what follows from it needs the rest.</summary>
    private const double LookShare = 0.4;

    /// <summary>Waits as Wait-SpotTrainingInstance does.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="goal">What is waited for.</param>
    /// <param name="timeout">How long; null: as long as it takes.</param>
    /// <param name="context">Where progress is told.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<SpotTrainingInstance> RunAsync(
        SpotTrainingInstance instance, InstanceGoal goal, TimeSpan? timeout, StepContext context, CancellationToken cancellationToken)
    {
        var activity = $"Waiting for {instance}";
        using var limit = context.Time.Limit(timeout ?? Timeout.InfiniteTimeSpan, cancellationToken);
        try
        {
            return goal == InstanceGoal.Ready
                ? await InstanceWaiter.UntilReadyAsync(instance.Cloud, instance.Region, instance.InstanceId, activity, context, limit.Token)
                : await InstanceWaiter.UntilTerminatedAsync(instance, activity, context, InstanceWaiter.LongPoll, limit.Token);
        }
        catch (SpotTrainerException exception) when (exception.Id == "DeadlineNotArmed")
        {
            // The object may be from long ago. One that was never seen to hold a deadline, and that nobody works on, would cost without end.
            if (await NowOrAsGivenAsync(instance, context) is { HostKeyPending: true, ResultsPending: false })
            {
                context.Log.CleanupWarning($"Terminating {instance}, which has armed no deadline.");
                await Terminator.RequestAsync(instance.Cloud, instance.Region, instance.InstanceId, justLaunched: false, context);
            }

            throw;
        }
        catch (OperationCanceledException exception) when (limit.IsOver)
        {
            throw new SpotTrainerException("WaitTimedOut", ErrorKind.OperationTimeout,
                $"{instance} was not {(goal == InstanceGoal.Ready ? "ready" : "terminated")} within {timeout!.Value.TotalSeconds:0} seconds.",
                "See its state with Get-SpotTrainingInstance; it costs until it ends.", instance, exception);
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }

    /// <summary>An instance as EC2 has it now, also after Ctrl+C; where EC2 can't be asked, as it was given.</summary>
    private static async Task<SpotTrainingInstance> NowOrAsGivenAsync(SpotTrainingInstance instance, StepContext context)
    {
        using var limit = context.Cleanup.Until(LookShare, LookTimeout);
        try
        {
            return await InstanceReader.GetAsync(instance.Cloud, instance.Region, instance.InstanceId, limit.Token);
        }
        catch (Exception exception) when (exception is not SpotTrainerException)
        {
            return instance;
        }
    }
}
