using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>Waits until an instance is ready or has ended.</summary>
internal static class InstanceWaitStep
{
    /// <summary>The time limit for the read that decides whether an instance is terminated.</summary>
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(4);

    /// <summary>The share of the cleanup time that this read may use. Terminating the instance needs the rest.</summary>
    private const double LookShare = 0.4;

    /// <summary>Waits for an instance, as Wait-SpotTrainingInstance does.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="goal">The goal of the wait.</param>
    /// <param name="timeout">The time limit; null for none.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public static async Task<SpotTrainingInstance> RunAsync(
        SpotTrainingInstance instance, InstanceGoal goal, TimeSpan? timeout, StepContext context, CancellationToken cancellationToken)
    {
        var activity = $"Waiting for {instance}";
        using var limit = context.Time.Limit(timeout ?? Timeout.InfiniteTimeSpan, cancellationToken);
        try
        {
            return goal == InstanceGoal.Ready
                ? await InstanceWaiter.UntilReadyAsync(instance.Cloud, instance.Region, instance.InstanceId, activity, context, limit.Token)
                : await InstanceWaiter.UntilTerminatedAsync(
                    instance, isEnding: false, activity, context, InstanceWaiter.LongPoll, limit.Token);
        }
        catch (SpotTrainerException exception) when (exception.Id == "DeadlineNotArmed")
        {
            // The object may be old, so the instance is read again. If it was never seen to hold a deadline, and no job was started on it,
            // it would
            // cost money without end.
            if (await NowOrAsGivenAsync(instance, context) is { HostKeyPending: true, ResultsPending: false })
            {
                context.Log.CleanupWarning($"Terminating {instance}, because it has no armed deadline.");
                await Terminator.RequestAsync(instance.Cloud, instance.Region, instance.InstanceId, justLaunched: false, context);
            }

            throw;
        }
        catch (OperationCanceledException exception) when (limit.IsOver)
        {
            throw new SpotTrainerException("WaitTimedOut", ErrorKind.OperationTimeout,
                $"{instance} was not {(goal == InstanceGoal.Ready ? "ready" : "terminated")} "
                + $"within {timeout!.Value.TotalSeconds:0} seconds.",
                "Check its state with Get-SpotTrainingInstance. It costs money until it is terminated.", instance, exception);
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }

    /// <summary>Returns an instance as EC2 reports it now, even after Ctrl+C; the given object if EC2 cannot be asked.</summary>
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
