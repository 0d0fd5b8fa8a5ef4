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

    /// <summary>How long EC2 is asked, which may want fewer calls or not be reached: a machine that is not ended costs.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    /// <summary>How long clean-up may keep a user waiting who pressed Ctrl+C.</summary>
    private static readonly TimeSpan CleanupTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Asks EC2 to terminate an instance: after Ctrl+C, too.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="region">The region.</param>
    /// <param name="id">The instance.</param>
    /// <param name="justLaunched">Whether EC2 may not know it everywhere yet: then it is asked until it does.</param>
    /// <param name="cancellationToken">Shortens it.</param>
    public static async Task RequestAsync(CloudContext cloud, string region, string id, bool justLaunched, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        using var stopped = cancellationToken.Register(() => timeout.CancelAfter(CleanupTimeout));
        while (true)
        {
            try
            {
                await cloud.Ec2(region).TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] }, timeout.Token);
                return;
            }
            catch (Exception exception) when (
                exception is AmazonEC2Exception { ErrorCode: "InvalidInstanceID.NotFound" } ? justLaunched : InstanceWaiter.MayPass(exception) && !timeout.IsCancellationRequested)
            {
                await Task.Delay(Poll, timeout.Token);
            }
        }
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
    public static async Task<SpotTrainingInstance> TerminateAsync(SpotTrainingInstance instance, IStepLog log, CancellationToken cancellationToken)
    {
        var activity = $"Removing {instance}";
        try
        {
            log.Progress(activity, "shutting down");
            await RequestAsync(instance.Cloud, instance.Region, instance.InstanceId, instance.IsNew, cancellationToken);
            SshConnectionPool.Close(instance);
            var ended = await InstanceWaiter.UntilTerminatedAsync(instance, activity, log, Poll, cancellationToken);
            await CostReader.KeepAsync(ended, log, cancellationToken);
            await InstanceDoor.SweepAsync(instance.Cloud, instance.Region, log, cancellationToken);
            return ended;
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidInstanceID.NotFound")
        {
            throw new SpotTrainerException("InstanceNotFound", ErrorKind.ObjectNotFound, $"EC2 knows no instance {instance.InstanceId} any more.",
                "Nothing is left of it to remove.", instance, exception);
        }
        finally
        {
            log.ProgressDone(activity);
        }
    }
}
