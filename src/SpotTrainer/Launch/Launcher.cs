using System.Diagnostics;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Keys;
using SpotTrainer.Market;
using SpotTrainer.Money;

namespace SpotTrainer.Launch;

/// <summary>
/// Launches one Spot machine with its deadline armed. Whatever goes wrong after EC2 was asked, the machine is terminated before the error
/// is told.
/// </summary>
internal sealed class Launcher(CloudContext cloud, LaunchRequest request, LaunchPreparation preparation, IStepLog log)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>How long an answer that got lost is looked for.</summary>
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(4);

    /// <summary>How long the call and the look for its answer may each take after Ctrl+C.</summary>
    private static readonly TimeSpan StoppedTimeout = TimeSpan.FromSeconds(2.5);

    /// <summary>How often EC2 is asked whose answer got lost.</summary>
    private const int Attempts = 4;

    /// <summary>How often EC2 is asked that wants fewer calls: it lets few launches through in a second.</summary>
    private const int BusyAttempts = 10;

    private static readonly Random Chance = new();

    /// <summary>What machines may have cost, in US dollars, that were launched and ended again before another offer was tried.</summary>
    private decimal lost;

    private readonly string activity = $"Launching {(request.Name.Length > 0 ? request.Name : "a Spot instance")}";

    /// <summary>Launches from the first offer that has capacity, and waits until the machine lets us in and its deadline is read back.</summary>
    public async Task<SpotTrainingInstance> LaunchAsync(CancellationToken cancellationToken)
    {
        var refusals = new LaunchRefusals();
        try
        {
            foreach (var (offer, onDemand) in TriesOf(request))
            {
                try
                {
                    return await LaunchAsync(offer, onDemand, cancellationToken);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested && LaunchRefusals.MayTryNext(exception, offer))
                {
                    log.Verbose(refusals.Add(offer, onDemand, await ExplainAsync(offer, onDemand, exception, cancellationToken)));
                }
            }
        }
        finally
        {
            log.ProgressDone(activity);
        }

        throw refusals.ToError(request.OnDemandFallback);
    }

    /// <summary>Of a quota of vCPUs, a user must know which one it is, what it allows and how it is raised; EC2's refusal says nothing of it.</summary>
    private async Task<Exception> ExplainAsync(SpotOffer offer, bool onDemand, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not AmazonEC2Exception { ErrorCode: "MaxSpotInstanceCountExceeded" or "VcpuLimitExceeded" })
        {
            return exception;
        }

        try
        {
            return await VCpuQuota.FindAsync(cloud, offer.Region, offer.InstanceType, onDemand, cancellationToken) is { } quota && quota.Used + offer.VCpu > quota.Limit
                ? new SpotTrainerException("QuotaExceeded", ErrorKind.LimitsExceeded, quota.Describe(offer.VCpu), quota.HowToRaise(offer.Region, offer.VCpu), offer, exception)
                : exception;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // These credentials may not look at quotas: then the refusal itself must do.
            return exception;
        }
    }

    /// <summary>What is tried, in order.</summary>
    public static IEnumerable<(SpotOffer Offer, bool OnDemand)> TriesOf(LaunchRequest request) =>
        request.Offers.Select(offer => (offer, false)).Concat(request.OnDemandFallback ? request.Offers.Select(offer => (offer, true)) : []);

    private async Task<SpotTrainingInstance> LaunchAsync(SpotOffer offer, bool onDemand, CancellationToken cancellationToken)
    {
        if (!onDemand && request.MaxPrice < offer.Price)
        {
            // EC2 would say so only when key pair and security group are made.
            throw new SpotTrainerException("MaxPriceTooLow", ErrorKind.LimitsExceeded, FormattableString.Invariant($"{offer} is above -MaxPrice {request.MaxPrice}."),
                "Raise -MaxPrice, or look for a cheaper offer with Find-SpotOffer -MaxPrice.", offer);
        }

        log.Progress(activity, $"request: {offer}", 5);
        var setup = await preparation.ForAsync(offer, cancellationToken);

        var sized = request.WithDiskFor(setup.Image) with { Budget = request.Budget - lost };
        var plan = sized.PlanDeadline(offer, onDemand);
        var hostKey = SshPrivateKey.MakeEd25519("spottrainer");
        var deadline = DateTimeOffset.UtcNow + plan.Time;
        var run = new RunRequest(sized, offer, onDemand, setup, hostKey, deadline).Make();
        cancellationToken.ThrowIfCancellationRequested();

        var asked = Stopwatch.StartNew();
        var id = await RunAsync(offer, run, deadline, cancellationToken);
        log.Verbose($"{id}: {offer}{(onDemand ? ", on demand" : string.Empty)}; it ends itself at {deadline.ToLocalTime():g}.");
        try
        {
            var instance = request.NoWait
                ? await InstanceWaiter.UntilKnownAsync(cloud, offer.Region, id, cancellationToken) : await InstanceWaiter.UntilReadyAsync(cloud, offer.Region, id, activity, log, cancellationToken);
            if (onDemand)
            {
                log.Warning(FormattableString.Invariant($"{instance} was bought on demand, at {offer.OnDemandPrice} USD/h: on the Spot market ({offer.Price} USD/h) there was none."));
            }

            log.Information($"{instance} ends itself at {deadline.ToLocalTime():g}; what was not fetched by then ends with it."
                + (plan.Expected > plan.Time ? $" Should the price stay as it is, its budget will pay until {(deadline + plan.Expected - plan.Time).ToLocalTime():g}: Set-SpotTrainingDeadline -FromBudget, run now and then, gains that time." : string.Empty)
                + (request.NoWait ? " That its deadline is armed is not read back yet: Wait-SpotTrainingInstance does it." : string.Empty));

            CostReader.KeepRunning(instance, log);

            // After this the machine is the user's: they have its object.
            cancellationToken.ThrowIfCancellationRequested();
            return instance;
        }
        catch (Exception exception)
        {
            await AbandonAsync(offer.Region, id, deadline, exception, cancellationToken);
            lost += sized.MostFor(offer, onDemand, CostEstimate.Billed(asked.Elapsed));
            throw;
        }
    }

    /// <summary>
    /// Asks EC2 for the machine. An answer that got lost is settled before anything else happens: the same bytes with the same token are
    /// sent again, which launches nothing twice, and at last the token is looked for.
    /// </summary>
    private async Task<string> RunAsync(SpotOffer offer, RunInstancesRequest run, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        // Not the caller's token: a call that is cut off leaves it unclear whether a machine was made. After Ctrl+C it gets a moment more.
        using var limit = new CancellationTokenSource();
        using var stopped = cancellationToken.Register(() =>
        {
            limit.CancelAfter(StoppedTimeout);
            log.CleanupWarning("Finding out whether EC2 has launched a machine.");
        });
        var unclear = false;
        var asked = Stopwatch.StartNew();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return (await cloud.Ec2Once(offer.Region).RunInstancesAsync(run, limit.Token)).Reservation.Instances[0].InstanceId;
            }
            catch (Exception exception) when (unclear || MayRepeat(exception))
            {
                // Once an answer was lost, a refusal may be that of the second call, when the first has launched a machine.
                unclear |= IsUnclear(exception);
                if (MayRepeat(exception) && attempt < (unclear ? Attempts : BusyAttempts) && !cancellationToken.IsCancellationRequested)
                {
                    log.Verbose($"{offer}: {ErrorTranslation.Translate(exception, offer).Message} EC2 is asked again.");

                    // Where nothing was accepted yet, Ctrl+C ends it here.
                    await Task.Delay(Pause(attempt), unclear ? CancellationToken.None : cancellationToken);
                    continue;
                }

                if (!unclear)
                {
                    throw;
                }

                if (await FindByTokenAsync(offer.Region, run.ClientToken, cancellationToken.IsCancellationRequested ? StoppedTimeout : SettleTimeout) is { } id)
                {
                    return id;
                }

                var what = $"EC2's answer got lost: a machine '{request.Name}' may run in {offer.Region} until {deadline.ToLocalTime():g}.";
                log.CleanupWarning(what);
                throw new SpotTrainerException("LaunchUnclear", ErrorKind.ConnectionError, what,
                    $"Look with Get-SpotTrainingInstance -Region {offer.Region}, and remove it.", run.ClientToken, exception);
            }
        }

        bool MayRepeat(Exception exception) => IsBusy(exception) || IsTooSoon(exception, asked.Elapsed) || IsUnclear(exception);
    }

    /// <summary>Longer each time, and by chance: of many launches at once not all come back at the same moment.</summary>
    private static TimeSpan Pause(int attempt)
    {
        lock (Chance)
        {
            return TimeSpan.FromMilliseconds((250 << Math.Min(attempt, 5)) * (0.5 + Chance.NextDouble()));
        }
    }

    /// <summary>Whether EC2 wants to be asked later.</summary>
    private static bool IsBusy(Exception exception) => exception is AmazonEC2Exception { ErrorCode: "RequestLimitExceeded" or "Throttling" or "ThrottlingException" };

    /// <summary>Whether EC2 does not know everywhere yet what the launch itself has made.</summary>
    private bool IsTooSoon(Exception exception, TimeSpan asked) => asked < NewlyMade.Timeout && exception is AmazonEC2Exception refusal
        && (refusal.ErrorCode == "InvalidKeyPair.NotFound" || (refusal.ErrorCode is "InvalidGroup.NotFound" or "InvalidSecurityGroupID.NotFound" && request.SecurityGroup is null));

    /// <summary>
    /// Whether an error leaves open what EC2 did: anything but a refusal with a code of its own, and what happened before anything was sent
    /// (no credentials to sign with, a rehearsal that has ended).
    /// </summary>
    private static bool IsUnclear(Exception exception) => exception switch
    {
        AmazonEC2Exception refusal => refusal.ErrorCode is null or "" or "InternalError" or "InternalFailure" or "Unavailable" or "ServiceUnavailable",
        SpotTrainerException or ProcessAWSCredentialException => false,
        AmazonClientException { InnerException: AmazonServiceException } => false,
        AmazonClientException unsigned when ErrorTranslation.Translate(unsigned, target: null).Kind == ErrorKind.AuthenticationError => false,
        _ => true,
    };

    /// <summary>
    /// Looks for the machine of a token, whatever goes wrong meanwhile, and after Ctrl+C, too: until it is found, or the time is up.
    /// </summary>
    private async Task<string?> FindByTokenAsync(string region, string token, TimeSpan time)
    {
        using var limit = new CancellationTokenSource(time);
        while (!limit.IsCancellationRequested)
        {
            try
            {
                var page = await cloud.Ec2(region).DescribeInstancesAsync(
                    new DescribeInstancesRequest { Filters = [new Filter("client-token", [token])] }, limit.Token);
                if (page.Reservations.SelectMany(reservation => reservation.Instances).FirstOrDefault() is { } made)
                {
                    return made.InstanceId;
                }
            }
            catch (Exception)
            {
                // Lost as well, or refused: a moment later it may not be.
            }

            // EC2 takes a moment to know its own new machines everywhere.
            await Task.WhenAny(Task.Delay(Poll, limit.Token));
        }

        return null;
    }

    /// <summary>Ends a machine that can't be used. When that fails, too, the user must know which one costs money, and until when.</summary>
    private async Task AbandonAsync(string region, string id, DateTimeOffset deadline, Exception why, CancellationToken cancellationToken)
    {
        var ending = Terminator.RequestAsync(cloud, region, id, justLaunched: true, cancellationToken);
        log.CleanupWarning($"Terminating {id}, which was launched and can't be used.");
        try
        {
            await ending;
        }
        catch (Exception exception)
        {
            var what = $"{id} in {region} could NOT be terminated and costs until {deadline.ToLocalTime():g}.";
            var next = $"Run: Get-SpotTrainingInstance -Region {region} -InstanceId {id} | Remove-SpotTrainingInstance";
            log.CleanupWarning($"{what} {next}");
            throw new SpotTrainerException("InstanceLeftRunning", ErrorKind.ConnectionError,
                $"{what} ({ErrorTranslation.Translate(why, id).Message})", next, id, exception);
        }
    }
}
