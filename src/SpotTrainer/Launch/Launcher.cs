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
internal sealed class Launcher(CloudContext cloud, LaunchRequest request, LaunchPreparation preparation, StepContext context)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>How long an answer that got lost is looked for.</summary>
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(4);

    /// <summary>The share of the time after Ctrl+C in which EC2's answer is waited for.</summary>
    private const double AnswerShare = 0.25;

    /// <summary>The share of that time by whose end a machine must be found whose answer did not arrive: the rest is for terminating it.</summary>
    private const double SettleShare = 0.5;

    /// <summary>How often EC2 is asked whose answer got lost.</summary>
    private const int Attempts = 4;

    /// <summary>How often EC2 is asked that wants fewer calls: it lets few launches through in a second.</summary>
    private const int BusyAttempts = 10;

    private static readonly Random Chance = new();

    /// <summary>What machines may have cost, in US dollars, that were launched and ended again before another offer was tried.</summary>
    private decimal lost;

    private readonly string activity = $"Launching {(request.Name.Length > 0 ? request.Name : "a Spot instance")}";

    /// <summary>Launches from the first offer that has capacity, and waits until the machine lets us in and its deadline is read back.</summary>
    public async Task<SpotTrainingInstance> LaunchAsync(Func<SpotTrainingInstance, Task> receive, CancellationToken cancellationToken)
    {
        var refusals = new LaunchRefusals();
        try
        {
            foreach (var (offer, onDemand) in request.Tries)
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

    private async Task<SpotTrainingInstance> LaunchAsync(
        SpotOffer offer, bool onDemand, Func<SpotTrainingInstance, Task> receive, CancellationToken cancellationToken)
    {
        if (!onDemand && request.MaxPrice < offer.Price)
        {
            // EC2 would say so only when key pair and security group are made.
            throw new SpotTrainerException("MaxPriceTooLow", ErrorKind.LimitsExceeded, FormattableString.Invariant($"{offer} is above -MaxPrice {request.MaxPrice}."),
                "Raise -MaxPrice, or look for a cheaper offer with Find-SpotOffer -MaxPrice.", offer);
        }

        context.Log.Progress(activity, $"request: {offer}", 5);
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
        context.Log.Verbose($"{id}: {offer}{(onDemand ? ", on demand" : string.Empty)}; it ends itself at {deadline.ToLocalTime():g}.");
        try
        {
            var instance = request.NoWait
                ? await InstanceWaiter.UntilKnownAsync(cloud, offer.Region, id, context, cancellationToken) : await InstanceWaiter.UntilReadyAsync(cloud, offer.Region, id, activity, context, cancellationToken);
            if (onDemand)
            {
                context.Log.Warning(FormattableString.Invariant($"{instance} was bought on demand, at {offer.OnDemandPrice} USD/h: on the Spot market ({offer.Price} USD/h) there was none."));
            }

            context.Log.Information($"{instance} ends itself at {deadline.ToLocalTime():g}; what was not fetched by then ends with it."
                + (plan.Expected > plan.Time ? $" Should the price stay as it is, its budget will pay until {(deadline + plan.Expected - plan.Time).ToLocalTime():g}: Set-SpotTrainingDeadline -FromBudget, run now and then, gains that time." : string.Empty)
                + (request.NoWait ? " That its deadline is armed is not read back yet: Wait-SpotTrainingInstance does it." : string.Empty));

            CostReader.KeepRunning(instance, context);

            // Once somebody has its object, the machine is theirs.
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
    /// Asks EC2 for the machine. An answer that got lost is settled before anything else happens: the same bytes with the same token are
    /// sent again, which launches nothing twice, and at last the token is looked for.
    /// </summary>
    private async Task<string> RunAsync(SpotOffer offer, RunInstancesRequest run, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        // Not the caller's token: a call that is cut off leaves it unclear whether a machine was made. After Ctrl+C it gets a moment more.
        using var limit = context.Cleanup.Until(AnswerShare);
        using var stopped = cancellationToken.Register(() => context.Log.CleanupWarning("Checking whether EC2 has launched a machine."));
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
                // Once an answer was lost, a refusal may be that of the second call, when the first has launched a machine.
                unclear |= !AwsVerdict.IsRefusal(exception);
                if (MayRepeat(exception) && attempt < (unclear ? Attempts : BusyAttempts) && !cancellationToken.IsCancellationRequested)
                {
                    context.Log.Verbose($"{offer}: {ErrorTranslation.Translate(exception, offer).Message} EC2 is asked again.");

                    // Where nothing was accepted yet, Ctrl+C ends it here.
                    await context.Time.DelayAsync(Pause(attempt), unclear ? CancellationToken.None : cancellationToken);
                    continue;
                }

                if (!unclear)
                {
                    throw;
                }

                if (await FindByTokenAsync(offer.Region, run.ClientToken) is { } id)
                {
                    return id;
                }

                var what = $"EC2's answer got lost: a machine '{request.Name}' may run in {offer.Region} until {deadline.ToLocalTime():g}.";
                context.Log.CleanupWarning(what);
                throw new SpotTrainerException("LaunchUnclear", ErrorKind.ConnectionError, what,
                    $"Look with Get-SpotTrainingInstance -Region {offer.Region}, and remove it.", run.ClientToken, exception);
            }
        }

        bool MayRepeat(Exception exception) => IsBusy(exception) || IsTooSoon(exception, asked()) || !AwsVerdict.IsRefusal(exception);
    }

    /// <summary>Longer each time, and by chance: of many launches at once not all come back at the same moment.</summary>
    private static TimeSpan Pause(int attempt)
    {
        lock (Chance)
        {
            return TimeSpan.FromMilliseconds((250 << Math.Min(attempt, 5)) * (0.5 + Chance.NextDouble()));
        }
    }

    /// <summary>Whether EC2 refused the call only for now.</summary>
    private static bool IsBusy(Exception exception) => AwsVerdict.Has(exception, CodeTraits.Again);

    /// <summary>Whether EC2 does not know everywhere yet what the launch itself has made.</summary>
    private bool IsTooSoon(Exception exception, TimeSpan asked) => asked < NewlyMade.Timeout && AwsVerdict.Has(exception, CodeTraits.NotYetKnown)
        && (request.SecurityGroup is null || exception is AmazonEC2Exception { ErrorCode: "InvalidKeyPair.NotFound" });

    /// <summary>
    /// Looks for the machine of a token, whatever goes wrong meanwhile, and after Ctrl+C, too: until it is found, or the time is up.
    /// </summary>
    private async Task<string?> FindByTokenAsync(string region, string token)
    {
        using var limit = context.Cleanup.Until(SettleShare, SettleTimeout);
        try
        {
            // EC2 takes a moment to know its own new machines everywhere. An answer that is lost or refused may arrive a moment later.
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

    /// <summary>Ends a machine that can't be used. When that fails, too, the user must know which one costs money, and until when.</summary>
    private async Task AbandonAsync(string region, string id, DateTimeOffset deadline, Exception why)
    {
        var ending = Terminator.RequestAsync(cloud, region, id, justLaunched: true, context);
        context.Log.CleanupWarning($"Terminating {id}, which was launched and can't be used.");
        try
        {
            await ending;
        }
        catch (Exception exception)
        {
            var what = $"{id} in {region} could NOT be terminated and costs until {deadline.ToLocalTime():g}.";
            var next = $"Run: Get-SpotTrainingInstance -Region {region} -InstanceId {id} | Remove-SpotTrainingInstance";
            context.Log.CleanupWarning($"{what} {next}");
            throw new SpotTrainerException("InstanceLeftRunning", ErrorKind.ConnectionError,
                $"{what} ({ErrorTranslation.Translate(why, id).Message})", next, id, exception);
        }
    }
}
