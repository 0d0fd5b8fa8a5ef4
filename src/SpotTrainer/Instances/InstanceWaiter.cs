using Amazon.EC2;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Waits for what becomes of an instance.</summary>
internal static class InstanceWaiter
{
    /// <summary>How long a machine may take to boot.</summary>
    public static readonly TimeSpan BootTimeout = TimeSpan.FromMinutes(8);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    /// <summary>How often a wait that may take long asks EC2.</summary>
    public static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(2);

    /// <summary>How long a machine that runs may have no public address yet.</summary>
    private static readonly TimeSpan AddressPatience = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Waits until an instance runs, lets us in with its pinned host key, and has been read to hold its deadline.
    /// </summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="region">The region.</param>
    /// <param name="id">The instance.</param>
    /// <param name="activity">What the progress is about.</param>
    /// <param name="log">Where it is told.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SpotTrainerException"><c>InstanceEnded</c>, <c>InstanceShutDown</c>, <c>DeadlineNotArmed</c>, <c>ClockWrong</c>, and those of connecting.</exception>
    public static async Task<SpotTrainingInstance> UntilReadyAsync(
        CloudContext cloud, string region, string id, string activity, IStepLog log, CancellationToken cancellationToken)
    {
        log.Progress(activity, "pending", 20);
        SpotTrainingInstance instance;
        DateTime? withoutPublicAddress = null;
        for (var pause = Poll; ; pause = Longer(pause))
        {
            instance = await UntilKnownAsync(cloud, region, id, cancellationToken);
            RequireLiving(instance);
            log.Progress(activity, instance.State, 40);
            if (instance is { State: "running", HostName.Length: > 0 })
            {
                // A public address may come a moment later, or not at all: the private one is what a network of the user's own has.
                withoutPublicAddress ??= DateTime.UtcNow + AddressPatience;
                if (instance.HostName != instance.PrivateIpAddress || DateTime.UtcNow > withoutPublicAddress)
                {
                    break;
                }
            }

            await Task.Delay(pause, cancellationToken);
        }

        log.Progress(activity, "booting", 60);
        var connection = await ConnectAsync(instance, cancellationToken);
        await DeadlineCheck.RequireAsync(connection, instance, instance.Deadline, cancellationToken);
        instance = await OwnHostKey.EnsureAsync(instance, log, cancellationToken);
        log.Progress(activity, "ready", 100);
        return instance;
    }

    /// <summary>
    /// Gives a new instance: EC2 takes a moment to know its own new machines everywhere. An answer that got lost, or EC2's wish for fewer calls, is
    /// no reason to give up a machine.
    /// </summary>
    public static async Task<SpotTrainingInstance> UntilKnownAsync(CloudContext cloud, string region, string id, CancellationToken cancellationToken)
    {
        var end = DateTime.UtcNow + Ec2Instances.Patience;
        for (var pause = Poll; ; pause = Longer(pause))
        {
            try
            {
                return await InstanceReader.GetAsync(cloud, region, id, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && DateTime.UtcNow < end && MayPass(exception))
            {
                await Task.Delay(pause, cancellationToken);
            }
        }
    }

    /// <summary>
    /// Waits until EC2 says that an instance is terminated, or has forgotten it. The wait may be one of hours: a network that is gone for a moment
    /// does not end it.
    /// </summary>
    public static async Task<SpotTrainingInstance> UntilTerminatedAsync(
        SpotTrainingInstance instance, string activity, IStepLog log, TimeSpan poll, CancellationToken cancellationToken)
    {
        for (DateTime? end = null; ;)
        {
            try
            {
                var now = await InstanceReader.GetAsync(instance.Cloud, instance.Region, instance.InstanceId, cancellationToken);
                if (now.State == InstanceStateName.Terminated.Value)
                {
                    return now;
                }

                log.Progress(activity, now.State);
                end = null;
            }
            catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidInstanceID.NotFound" && !instance.IsNew)
            {
                return instance.Forgotten();
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && MayPass(exception) && !(DateTime.UtcNow > end))
            {
                // From the first failure on: before that this computer may have slept.
                end ??= DateTime.UtcNow + Ec2Instances.Patience;
                log.Verbose($"{instance}: {ErrorTranslation.Translate(exception, instance).Message}");
            }

            await Task.Delay(poll, cancellationToken);
        }
    }

    /// <summary>Connects to a machine that boots, unless it ends before.</summary>
    private static async Task<SshConnection> ConnectAsync(SpotTrainingInstance instance, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var connecting = SshConnectionPool.WaitAsync(instance, BootTimeout, over.Token);
        var watching = WatchAsync();
        await Task.WhenAny(connecting, watching);
        over.Cancel();
        try
        {
            await Task.WhenAll(connecting, watching);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It lets us in.
        }

        return await connecting;

        async Task WatchAsync()
        {
            while (true)
            {
                await Task.Delay(LongPoll, over.Token);
                SpotTrainingInstance now;
                try
                {
                    now = await InstanceReader.GetAsync(instance.Cloud, instance.Region, instance.InstanceId, over.Token);
                }
                catch (Exception exception) when (!over.IsCancellationRequested && exception is not SpotTrainerException)
                {
                    // It is SSH that decides; this only ends a wait that would be in vain.
                    continue;
                }

                RequireLiving(now);
            }
        }
    }

    /// <summary>Whether asking again may help.</summary>
    internal static bool MayPass(Exception exception) => exception switch
    {
        AmazonEC2Exception { ErrorCode: "InvalidInstanceID.NotFound" } => true,
        SpotTrainerException => false,
        _ => ErrorTranslation.Translate(exception, target: null).Id is "Throttled" or "AwsFailed" or "ConnectionFailed" or "TimedOut",
    };

    private static TimeSpan Longer(TimeSpan pause) => TimeSpan.FromTicks(Math.Min((long)(pause.Ticks * 1.3), LongPoll.Ticks));

    /// <summary>An instance that has ended, or is about to, is an error.</summary>
    /// <exception cref="SpotTrainerException"><c>InstanceEnded</c>, <c>InstanceShutDown</c>.</exception>
    /// <exception cref="AmazonEC2Exception">EC2 refused it after it had taken it.</exception>
    public static void RequireLiving(SpotTrainingInstance instance)
    {
        if (instance.State is not ("shutting-down" or "terminated" or "stopping" or "stopped"))
        {
            return;
        }

        // EC2 refuses some launches only after it has taken them, with the codes that it has for refusals.
        var code = instance.StateReasonCode;
        var refusal = new[] { code, code.Substring(code.IndexOf('.') + 1) }.FirstOrDefault(known => AwsErrorTable.Find(known) is { Id: not "AwsFailed" });
        throw refusal is not null
            ? new AmazonEC2Exception(instance.StateReason) { ErrorCode = refusal }
            : code.StartsWith("Client.", StringComparison.Ordinal)
                ? new SpotTrainerException("InstanceShutDown", ErrorKind.ResourceUnavailable, $"{instance} was shut down ({instance.StateReason}).",
                    "Somebody removed it, or it turned itself off: at its deadline, or because it could not arm it (see that this computer's clock is right, and "
                    + $"'aws ec2 get-console-output --region {instance.Region} --instance-id {instance.InstanceId}').", instance)
                : new SpotTrainerException("InstanceEnded", ErrorKind.ResourceUnavailable,
                    $"{instance} has ended{(instance.StateReason.Length > 0 ? $" ({instance.StateReason})" : string.Empty)}.",
                    "Launch another, from another offer if it was AWS that ended it.", instance);
    }
}
