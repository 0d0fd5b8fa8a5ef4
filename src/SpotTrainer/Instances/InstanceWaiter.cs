using Amazon.EC2;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Waits until an instance is ready or terminated.</summary>
internal static class InstanceWaiter
{
    /// <summary>The time limit for booting.</summary>
    public static readonly TimeSpan BootTimeout = TimeSpan.FromMinutes(8);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    /// <summary>The polling interval of a wait that may take long.</summary>
    public static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait for the public address of a running instance.</summary>
    private static readonly TimeSpan AddressPatience = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Waits until an instance runs, accepts our login with its pinned host key, and is verified to hold its deadline.
    /// </summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="region">The region.</param>
    /// <param name="id">The instance ID.</param>
    /// <param name="activity">The activity that the progress bar shows.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="SpotTrainerException">
    /// <c>InstanceEnded</c>, <c>InstanceShutDown</c>, <c>DeadlineNotArmed</c>, <c>ClockWrong</c>, and those of connecting.
    /// </exception>
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

                // A public address may appear a moment later, or never: an instance in the user's own network may have only a private one.
                withoutPublicAddress ??= context.Time.StartClock();
                return now.HostName != now.PrivateIpAddress || withoutPublicAddress() > AddressPatience;
            },
            mayPass: null, cancellationToken);

        context.Log.Progress(activity, "booting", 60);
        var connection = await ConnectAsync(instance, context, cancellationToken);
        await DeadlineCheck.RequireAsync(connection, instance, instance.Deadline, context, cancellationToken);
        instance = await OwnHostKey.EnsureAsync(instance, context, cancellationToken);
        context.Log.Progress(activity, "ready", 100);
        await SshExportUpdate.AddAsync(instance, context, cancellationToken);
        return instance;
    }

    /// <summary>
    /// Returns a new instance. EC2 is eventually consistent, so it may not find the instance at first. A lost answer or throttling is not a
    /// reason to give up the instance.
    /// </summary>
    public static Task<SpotTrainingInstance> UntilKnownAsync(
        CloudContext cloud, string region, string id, StepContext context, CancellationToken cancellationToken) =>
        (new Patience(Ec2Instances.Patience, Poll) with { LongestPause = LongPoll }).AskAsync(
            context.Time, () => InstanceReader.GetAsync(cloud, region, id, cancellationToken), isEnough: null, AwsVerdict.MayPass,
            cancellationToken);

    /// <summary>
    /// Waits until EC2 reports an instance as terminated, or no longer knows it. The wait may take hours, so a short network outage does
    /// not end it.
    /// </summary>
    /// <param name="instance">The instance.</param>
    /// <param name="isEnding">Whether EC2 was asked to terminate it. Otherwise, one that is stopped would never end.</param>
    /// <param name="activity">The activity that the progress bar shows.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="poll">The polling interval.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="SpotTrainerException"><c>InstanceStopped</c>.</exception>
    public static async Task<SpotTrainingInstance> UntilTerminatedAsync(
        SpotTrainingInstance instance, bool isEnding, string activity, StepContext context, TimeSpan poll,
        CancellationToken cancellationToken)
    {
        var forgiving = new Patience(Ec2Instances.Patience, poll) { FromFirstError = true };
        try
        {
            var ended = await Patience.Endless(poll).AskAsync(
                context.Time, () => forgiving.AskAsync(context.Time, LookAsync, isEnough: null, MayPassForNow, cancellationToken),
                now => now.State == InstanceStateName.Terminated.Value
                    || (!isEnding && now.State == InstanceStateName.Stopped.Value ? throw Stopped(now) : false),
                mayPass: null, cancellationToken);
            SshExportUpdate.Remove(instance.Cloud, instance.InstanceId, context.Log);
            return ended;
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidInstanceID.NotFound" && !instance.IsNew)
        {
            SshExportUpdate.Remove(instance.Cloud, instance.InstanceId, context.Log);
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

    /// <summary>Connects to an instance that is booting. Fails early if the instance ends first.</summary>
    private static async Task<SshConnection> ConnectAsync(
        SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
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
            // The connection succeeded and canceled the watch.
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
                    // SSH decides. This loop only cuts short a wait that cannot succeed.
                    continue;
                }

                RequireLiving(now);
            }
        }
    }

    /// <summary>Throws if an instance has ended or is about to end.</summary>
    /// <exception cref="SpotTrainerException"><c>InstanceEnded</c>, <c>InstanceShutDown</c>, <c>InstanceStopped</c>.</exception>
    /// <exception cref="AmazonEC2Exception">EC2 refused the launch after it had accepted it.</exception>
    public static void RequireLiving(SpotTrainingInstance instance)
    {
        if (instance.State is not ("shutting-down" or "terminated" or "stopping" or "stopped"))
        {
            return;
        }

        if (instance.State is "stopping" or "stopped")
        {
            throw Stopped(instance);
        }

        // EC2 refuses some launches only after it has accepted them, with the same codes as for other refusals.
        var code = instance.StateReasonCode;
        var refusal = new[] { code, code.Substring(code.IndexOf('.') + 1) }.FirstOrDefault(
            known => AwsErrorTable.Find(known) is { } entry && entry.Is(CodeTraits.Refused));
        throw refusal is not null
            ? new AmazonEC2Exception(instance.StateReason) { ErrorCode = refusal }
            : code.StartsWith("Client.", StringComparison.Ordinal)
                ? new SpotTrainerException("InstanceShutDown", ErrorKind.ResourceUnavailable, $"{instance} was shut down ({instance.StateReason}).",
                    "Launch another. If nobody removed it and it had not reached its deadline or idle timeout, it could not arm its "
                    + "deadline: check this computer's clock, and run: "
                    + $"aws ec2 get-console-output --region {instance.Region} --instance-id {instance.InstanceId}", instance)
                : new SpotTrainerException("InstanceEnded", ErrorKind.ResourceUnavailable,
                    $"{instance} has ended{(instance.StateReason.Length > 0 ? $" ({instance.StateReason})" : string.Empty)}.",
                    "Launch another. If AWS interrupted this one, use another offer.", instance);
    }

    /// <summary>The error for an instance that somebody stopped.</summary>
    public static SpotTrainerException Stopped(SpotTrainingInstance instance) => new(
        "InstanceStopped", ErrorKind.ResourceUnavailable,
        $"{instance} is stopped, not terminated. Its disk costs money, also after its deadline.",
        "Remove it with Remove-SpotTrainingInstance, and launch another.", instance);
}
