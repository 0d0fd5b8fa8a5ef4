using System.Runtime.ExceptionServices;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Terminates instances.</summary>
internal static class Terminator
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>How long to retry if EC2 throttles us or is unreachable: an instance that is not terminated costs money.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    /// <summary>Asks EC2 to terminate an instance, even after Ctrl+C.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="region">The region.</param>
    /// <param name="id">The instance ID.</param>
    /// <param name="justLaunched">Whether EC2 may not know the instance yet; it is then asked until it does.</param>
    /// <param name="context">Log, clock, and session. After Ctrl+C, its cleanup clock limits the attempts.</param>
    public static async Task RequestAsync(CloudContext cloud, string region, string id, bool justLaunched, StepContext context)
    {
        using var limit = context.Cleanup.Until(1, Timeout);
        Exception? last = null;
        try
        {
            await Patience.Endless(Poll).DoAsync(
                context.Time,
                () => cloud.Ec2(region).TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] }, limit.Token),
                MayPass, limit.Token);
            SshExportUpdate.Remove(cloud, id, context.Log);
        }
        catch (Exception) when (limit.IsOver && last is not null)
        {
            // That the time is over says less.
            ExceptionDispatchInfo.Capture(last).Throw();
        }

        bool MayPass(Exception exception)
        {
            last = exception;
            return exception is AmazonEC2Exception { ErrorCode: "InvalidInstanceID.NotFound" } ? justLaunched : AwsVerdict.MayPass(exception);
        }
    }

    /// <summary>
    /// Whether an instance has results that were not fetched. EC2 is asked, because an object from the launch knows nothing of later jobs.
    /// If EC2 cannot be asked, the object decides.
    /// </summary>
    public static async Task<bool> HasResultsAsync(
        SpotTrainingInstance instance, InstanceBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            return (await batch.GetAsync(instance)).ResultsPending;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not SpotTrainerException)
        {
            return instance.ResultsPending;
        }
    }

    /// <summary>
    /// Terminates an instance, waits until EC2 reports it as terminated, and deletes the security group of its Jupyter, if it has one.
    /// </summary>
    public static async Task<SpotTrainingInstance> TerminateAsync(
        SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        var activity = $"Removing {instance}";
        try
        {
            context.Log.Progress(activity, "shutting down");
            await RequestAsync(instance.Cloud, instance.Region, instance.InstanceId, instance.IsNew, context);
            SshConnectionPool.Close(instance, context);
            var ended = await InstanceWaiter.UntilTerminatedAsync(instance, isEnding: true, activity, context, Poll, cancellationToken);
            await CostReader.KeepAsync(ended, context, cancellationToken);
            await InstanceDoor.SweepAsync(instance.Cloud, instance.Region, context, cancellationToken);
            return ended;
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidInstanceID.NotFound")
        {
            throw new SpotTrainerException(
                "InstanceNotFound", ErrorKind.ObjectNotFound, $"EC2 no longer knows the instance {instance.InstanceId}.",
                "Check your instances with Get-SpotTrainingInstance. There is nothing left to remove.", instance, exception);
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }
}
