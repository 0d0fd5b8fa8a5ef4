using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Keys;
using SpotTrainer.Market;
using SpotTrainer.Money;

namespace SpotTrainer.Launch;

/// <summary>
/// Launches one instance with its deadline armed. If anything goes wrong after EC2 was asked, the instance is terminated before the error
/// is reported.
/// </summary>
internal sealed class Launcher(CloudContext cloud, LaunchRequest request, LaunchPreparation preparation, StepContext context)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>How long to look for an instance if EC2's answer was lost.</summary>
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(4);

    /// <summary>The share of the cleanup time after Ctrl+C in which to wait for EC2's answer.</summary>
    private const double AnswerShare = 0.25;

    /// <summary>
    /// The share of that time after which the search for an unanswered launch ends. The rest is for terminating the instance.
    /// </summary>
    private const double SettleShare = 0.5;

    /// <summary>How many times to call EC2 if an answer was lost.</summary>
    private const int Attempts = 4;

    /// <summary>How many times to call EC2 if it throttles: it accepts only a few launches per second.</summary>
    private const int BusyAttempts = 10;

    private static readonly Random Chance = new();

    /// <summary>The most that failed instances of earlier offers may have cost, in US dollars.</summary>
    private decimal lost;

    private readonly string activity = $"Launching {(request.Name.Length > 0 ? request.Name : "a Spot instance")}";

    /// <summary>
    /// Launches from the first offer that has capacity, and waits until the instance accepts our login and its deadline is verified.
    /// </summary>
    public async Task<SpotTrainingInstance> LaunchAsync(Func<SpotTrainingInstance, Task> receive, CancellationToken cancellationToken)
    {
        var refusals = new LaunchRefusals();
        try
        {
            foreach (var (offer, onDemand) in request.Tries.Where(one => refusals.MayTry(one.Offer)))
            {
                try
                {
                    return await LaunchAsync(offer, onDemand, receive, cancellationToken);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested && LaunchRefusals.MayTryNext(exception, offer))
                {
                    context.Log.Verbose(refusals.Add(offer, onDemand, await ExplainAsync(offer, onDemand, exception, cancellationToken)));
                }
            }
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }

        throw refusals.ToError(request.OnDemandFallback);
    }

    /// <summary>
    /// Adds to a refusal for a vCPU quota which quota it is, its value, and how to raise it. EC2's own message has none of this.
    /// </summary>
    private async Task<Exception> ExplainAsync(SpotOffer offer, bool onDemand, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not AmazonEC2Exception { ErrorCode: "MaxSpotInstanceCountExceeded" or "VcpuLimitExceeded" })
        {
            return exception;
        }

        try
        {
            return await VCpuQuota.FindAsync(cloud, offer.Region, offer.InstanceType, onDemand, cancellationToken) is { } quota
                && quota.Used + offer.VCpu > quota.Limit
                ? new SpotTrainerException(
                    "QuotaExceeded", ErrorKind.LimitsExceeded, quota.Describe(offer.VCpu), quota.HowToRaise(offer.Region, offer.VCpu),
                    offer, exception)
                : exception;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // These credentials may not be allowed to read quotas. The original refusal is then good enough.
            return exception;
        }
    }

    private async Task<SpotTrainingInstance> LaunchAsync(
        SpotOffer offer, bool onDemand, Func<SpotTrainingInstance, Task> receive, CancellationToken cancellationToken)
    {
        if (!onDemand && request.MaxPrice < offer.Price)
        {
            // EC2 would refuse this only after the key pair and security group are created.
            throw new SpotTrainerException(
                "MaxPriceTooLow", ErrorKind.LimitsExceeded, FormattableString.Invariant($"{offer} is above -MaxPrice {request.MaxPrice}."),
                "Raise -MaxPrice, or look for a cheaper offer with Find-SpotOffer -MaxPrice.", offer);
        }

        context.Log.Progress(activity, $"request: {offer}", 5);
        await cloud.RequireClockAsync(offer.Region, cancellationToken);
        var setup = await preparation.ForAsync(offer, cancellationToken);

        var sized = request.WithDiskFor(setup.Image) with { Budget = request.Budget - lost };
        var plan = sized.PlanDeadline(offer, onDemand);
        var hostKey = SshPrivateKey.MakeEd25519("spottrainer");
        var now = context.Now;
        var deadline = now + plan.Time;
        var run = new RunRequest(sized, offer, onDemand, setup, hostKey, now, deadline).Make();
        cancellationToken.ThrowIfCancellationRequested();

        var asked = context.Time.StartClock();
        var id = await RunAsync(offer, run, deadline, cancellationToken);
        context.Log.Verbose(
            $"{id}: {offer}{(onDemand ? ", on demand" : string.Empty)}. It terminates itself at {DisplayText.Of(deadline)}.");
        try
        {
            var instance = request.NoWait
                ? await InstanceWaiter.UntilKnownAsync(
                    cloud, offer.Region, id, context, cancellationToken) : await InstanceWaiter.UntilReadyAsync(cloud, offer.Region, id,
                    activity, context, cancellationToken);
            if (onDemand)
            {
                context.Log.Warning(FormattableString.Invariant(
                    $"{instance} was bought on demand at {offer.OnDemandPrice} USD/h: there was no Spot capacity at {offer.Price} USD/h."));
            }

            context.Log.Information(
                $"{instance} terminates itself at {DisplayText.Of(deadline)}. Results that you have not fetched by then are lost."
                + (plan.Expected > plan.Time
                    ? $" If the price stays the same, the budget lasts until {DisplayText.Of(deadline + plan.Expected - plan.Time)}: "
                        + "run Set-SpotTrainingDeadline -FromBudget from time to time to gain that time."
                    : string.Empty)
                + (request.NoWait ? " Its deadline is not verified yet. Run Wait-SpotTrainingInstance to verify it." : string.Empty));

            CostReader.KeepRunning(instance, context);

            // Once the caller has received the object, the instance is theirs.
            cancellationToken.ThrowIfCancellationRequested();
            await receive(instance);
            return instance;
        }
        catch (Exception exception)
        {
            await AbandonAsync(offer.Region, id, deadline, exception);
            lost += sized.TariffFor(offer, onDemand).MostOf(Tariff.Billed(asked())) ?? 0;
            throw;
        }
    }

    /// <summary>
    /// Calls RunInstances. A lost answer is settled before anything else happens: the same request with the same client token is sent
    /// again, which launches nothing twice. If that fails, the instance is looked up by its token.
    /// </summary>
    private async Task<string> RunAsync(
        SpotOffer offer, RunInstancesRequest run, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        // Not the caller's token: if the call is cut off, it is unclear whether an instance was launched. After Ctrl+C the call gets a
        // moment more.
        using var limit = context.Cleanup.Until(AnswerShare);
        using var stopped = cancellationToken.Register(() => context.Log.CleanupWarning("Checking whether EC2 has launched an instance."));
        var unclear = false;
        var asked = context.Time.StartClock();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return (await cloud.Ec2Once(offer.Region).RunInstancesAsync(run, limit.Token)).Reservation.Instances[0].InstanceId;
            }
            catch (Exception exception) when (unclear || MayRepeat(exception))
            {
                // Once an answer was lost, a refusal proves nothing: it may be for the second call, while the first has launched an
                // instance.
                unclear |= !AwsVerdict.IsRefusal(exception);
                if (MayRepeat(exception) && attempt < (unclear ? Attempts : BusyAttempts) && !cancellationToken.IsCancellationRequested)
                {
                    context.Log.Verbose($"{offer}: {ErrorTranslation.Translate(exception, offer).Message} Trying again.");

                    // If it is clear that nothing was launched, Ctrl+C ends the retries here.
                    await context.Time.DelayAsync(Pause(attempt), unclear ? CancellationToken.None : cancellationToken);
                    continue;
                }

                if (!unclear)
                {
                    // After Ctrl+C, nobody needs an error about the last of the retries.
                    cancellationToken.ThrowIfCancellationRequested();
                    throw;
                }

                if (await FindByTokenAsync(offer.Region, run.ClientToken) is { } id)
                {
                    return id;
                }

                var what =
                    $"EC2's answer was lost. An instance '{request.Name}' may run in {offer.Region} until {DisplayText.Of(deadline)}.";
                context.Log.CleanupWarning(what);
                throw new SpotTrainerException("LaunchUnclear", ErrorKind.ConnectionError, what,
                    $"Look for it with Get-SpotTrainingInstance -Region {offer.Region}, and remove it.", run.ClientToken, exception);
            }
        }

        bool MayRepeat(Exception exception) => IsBusy(exception) || IsTooSoon(exception, asked()) || !AwsVerdict.IsRefusal(exception);
    }

    /// <summary>
    /// Returns a pause that grows with each attempt. It is random, so that parallel launches do not all retry at the same moment.
    /// </summary>
    private static TimeSpan Pause(int attempt)
    {
        lock (Chance)
        {
            return TimeSpan.FromMilliseconds((250 << Math.Min(attempt, 5)) * (0.5 + Chance.NextDouble()));
        }
    }

    /// <summary>Whether EC2 refused the call only temporarily.</summary>
    private static bool IsBusy(Exception exception) => AwsVerdict.Has(exception, CodeTraits.Again);

    /// <summary>Whether EC2 does not know yet what the launch itself has created.</summary>
    private bool IsTooSoon(Exception exception, TimeSpan asked) => asked < NewlyMade.Timeout
        && AwsVerdict.Has(exception, CodeTraits.NotYetKnown)
        && (request.SecurityGroup is null || exception is AmazonEC2Exception { ErrorCode: "InvalidKeyPair.NotFound" });

    /// <summary>
    /// Looks for the instance of a client token until it is found or the time is up. Ignores errors, and continues after Ctrl+C.
    /// </summary>
    private async Task<string?> FindByTokenAsync(string region, string token)
    {
        using var limit = context.Cleanup.Until(SettleShare, SettleTimeout);
        try
        {
            // EC2 may not find a new instance for a moment, and a call that fails now may succeed a moment later.
            return await Patience.Endless(Poll).AskAsync(context.Time, LookAsync, found => found is not null, _ => true, limit.Token);
        }
        catch (Exception) when (limit.IsOver)
        {
            return null;
        }

        async Task<string?> LookAsync()
        {
            var page = await cloud.Ec2(region).DescribeInstancesAsync(
                new DescribeInstancesRequest { Filters = [new Filter("client-token", [token])] }, limit.Token);
            return page.Reservations.SelectMany(reservation => reservation.Instances).FirstOrDefault()?.InstanceId;
        }
    }

    /// <summary>
    /// Terminates an instance that cannot be used. If that fails, the user must know which one costs money, and until when.
    /// </summary>
    private async Task AbandonAsync(string region, string id, DateTimeOffset deadline, Exception why)
    {
        var ending = Terminator.RequestAsync(cloud, region, id, justLaunched: true, context);
        context.Log.CleanupWarning(
            $"Terminating {id}, because {(why is OperationCanceledException ? "the launch was stopped" : "it cannot be used")}.");
        try
        {
            await ending;
        }
        catch (Exception exception)
        {
            var what = $"{id} in {region} could not be terminated. It costs money until {DisplayText.Of(deadline)}.";
            var next = $"Run: Get-SpotTrainingInstance -Region {region} -InstanceId {id} | Remove-SpotTrainingInstance";
            context.Log.CleanupWarning($"{what} {next}");
            throw new SpotTrainerException("InstanceLeftRunning", ErrorKind.ConnectionError,
                $"{what} ({ErrorTranslation.Translate(why, id).Message})", next, id, exception);
        }
    }
}
