using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Ends instances.</summary>
internal static class Terminator
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>How long to go on asking EC2, which may throttle us or be unreachable: an instance that is not terminated costs money.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    /// <summary>Asks EC2 to terminate an instance: after Ctrl+C, too.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="region">The region.</param>
    /// <param name="id">The instance.</param>
    /// <param name="justLaunched">Whether EC2 may not know it everywhere yet: then it is asked until it does.</param>
    /// <param name="context">Its cleanup clock ends the attempts after Ctrl+C.</param>
    public static async Task RequestAsync(CloudContext cloud, string region, string id, bool justLaunched, StepContext context)
    {
        using var limit = context.Cleanup.Until(1, Timeout);
        await Patience.Endless(Poll).DoAsync(
            context.Time,
            () => cloud.Ec2(region).TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] }, limit.Token),
            exception => exception is AmazonEC2Exception { ErrorCode: "InvalidInstanceID.NotFound" } ? justLaunched : AwsVerdict.MayPass(exception), limit.Token);
    }

    /// <summary>
    /// Whether an instance has results that were not fetched, as EC2 has it now: an object of the launch knows nothing of jobs. Where EC2
    /// can't be asked, what the object says counts.
    /// </summary>
    public static async Task<bool> HasResultsAsync(SpotTrainingInstance instance, CancellationToken cancellationToken)
    {
        try
        {
            return (await InstanceReader.GetAsync(instance.Cloud, instance.Region, instance.InstanceId, cancellationToken)).ResultsPending;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not SpotTrainerException)
        {
            return instance.ResultsPending;
        }
    }

    /// <summary>Terminates an instance and waits until EC2 says that it is; the security group of its Jupyter, if it has one, goes with it.</summary>
    public static async Task<SpotTrainingInstance> TerminateAsync(SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        var activity = $"Removing {instance}";
        try
        {
            context.Log.Progress(activity, "shutting down");
            await RequestAsync(instance.Cloud, instance.Region, instance.InstanceId, instance.IsNew, context);
            SshConnectionPool.Close(instance, context);
            var ended = await InstanceWaiter.UntilTerminatedAsync(instance, activity, context, Poll, cancellationToken);
            await CostReader.KeepAsync(ended, context, cancellationToken);
            await InstanceDoor.SweepAsync(instance.Cloud, instance.Region, context, cancellationToken);
            return ended;
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidInstanceID.NotFound")
        {
            throw new SpotTrainerException("InstanceNotFound", ErrorKind.ObjectNotFound, $"EC2 knows no instance {instance.InstanceId} any more.",
                "Nothing is left of it to remove.", instance, exception);
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }
}
