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
    /// <param name="context">Where it is told.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SpotTrainerException"><c>InstanceEnded</c>, <c>InstanceShutDown</c>, <c>DeadlineNotArmed</c>, <c>ClockWrong</c>, and those of connecting.</exception>
    public static async Task<SpotTrainingInstance> UntilReadyAsync(
        CloudContext cloud, string region, string id, string activity, StepContext context, CancellationToken cancellationToken)
    {
        context.Log.Progress(activity, "pending", 20);
        Func<TimeSpan>? withoutPublicAddress = null;
        var instance = await (Patience.Endless(Poll) with { LongestPause = LongPoll }).AskAsync(
            context.Time, () => UntilKnownAsync(cloud, region, id, context, cancellationToken),
            now =>
            {
                RequireLiving(now);
                context.Log.Progress(activity, now.State, 40);
                if (now is not { State: "running", HostName.Length: > 0 })
                {
                    return false;
                }

                // A public address may arrive a moment later, or not at all: in a user's own network there may only be the private one.
                withoutPublicAddress ??= context.Time.StartClock();
                return now.HostName != now.PrivateIpAddress || withoutPublicAddress() > AddressPatience;
            },
            mayPass: null, cancellationToken);

        context.Log.Progress(activity, "booting", 60);
        var connection = await ConnectAsync(instance, context, cancellationToken);
        await DeadlineCheck.RequireAsync(connection, instance, instance.Deadline, context, cancellationToken);
        instance = await OwnHostKey.EnsureAsync(instance, context, cancellationToken);
        context.Log.Progress(activity, "ready", 100);
        return instance;
    }

    /// <summary>
    /// Gives a new instance: EC2 takes a moment to know its own new machines everywhere. An answer that got lost, or EC2's wish for fewer calls, is
    /// no reason to give up a machine.
    /// </summary>
    public static Task<SpotTrainingInstance> UntilKnownAsync(
        CloudContext cloud, string region, string id, StepContext context, CancellationToken cancellationToken) =>
        (new Patience(Ec2Instances.Patience, Poll) with { LongestPause = LongPoll }).AskAsync(
            context.Time, () => InstanceReader.GetAsync(cloud, region, id, cancellationToken), isEnough: null, AwsVerdict.MayPass, cancellationToken);

    /// <summary>
    /// Waits until EC2 says that an instance is terminated, or has forgotten it. The wait may be one of hours: a network that is gone for a moment
    /// does not end it.
    /// </summary>
    public static async Task<SpotTrainingInstance> UntilTerminatedAsync(
        SpotTrainingInstance instance, string activity, StepContext context, TimeSpan poll, CancellationToken cancellationToken)
    {
        var forgiving = new Patience(Ec2Instances.Patience, poll) { FromFirstError = true };
        try
        {
            return await Patience.Endless(poll).AskAsync(
                context.Time, () => forgiving.AskAsync(context.Time, LookAsync, isEnough: null, MayPassForNow, cancellationToken),
                now => now.State == InstanceStateName.Terminated.Value, mayPass: null, cancellationToken);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidInstanceID.NotFound" && !instance.IsNew)
        {
            return instance.Forgotten();
        }

        async Task<SpotTrainingInstance> LookAsync()
        {
            var now = await InstanceReader.GetAsync(instance.Cloud, instance.Region, instance.InstanceId, cancellationToken);
            context.Log.Progress(activity, now.State);
            return now;
        }

        bool MayPassForNow(Exception exception)
        {
            if (exception is AmazonEC2Exception { ErrorCode: "InvalidInstanceID.NotFound" } && !instance.IsNew)
            {
                return false;
            }

            context.Log.Verbose($"{instance}: {ErrorTranslation.Translate(exception, instance).Message}");
            return AwsVerdict.MayPass(exception);
        }
    }

    /// <summary>Connects to a machine that boots, unless it ends before.</summary>
    private static async Task<SshConnection> ConnectAsync(SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var connecting = SshConnectionPool.WaitAsync(instance, BootTimeout, context, over.Token);
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
                await context.Time.DelayAsync(LongPoll, over.Token);
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
        var refusal = new[] { code, code.Substring(code.IndexOf('.') + 1) }.FirstOrDefault(known => AwsErrorTable.Find(known) is { } entry && entry.Is(CodeTraits.Refused));
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
