using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Market;
using SpotTrainer.Money;

namespace SpotTrainer.Launch;

/// <summary>
/// Launches what a request asks for: finds the offers, plans the deadlines, and launches each instance unless it was launched before.
/// </summary>
internal sealed class LaunchStep
{
    private static readonly TimeSpan PreviewTimeout = TimeSpan.FromSeconds(5);

    private readonly CloudContext cloud;
    private readonly StepContext context;
    private readonly LaunchPreparation preparation;

    private LaunchStep(CloudContext cloud, LaunchRequest request, StepContext context)
    {
        this.cloud = cloud;
        this.context = context;
        Request = request;
        preparation = new LaunchPreparation(cloud, request, context);
    }

    /// <summary>The request, with its offers.</summary>
    public LaunchRequest Request { get; }

    /// <summary>The target that ShouldProcess asks about.</summary>
    public string Target =>
        $"{Request.Offers[0]}{(Request.Offers.Count > 1 ? $", or the next of {Request.Offers.Count} offers" : string.Empty)} ({cloud.Where})";

    /// <summary>Launches everything that a request asks for.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="request">The request. If it was read from disk, its instances are first looked up, so that they are not launched
    /// twice.</param>
    /// <param name="receive">Receives each instance as soon as it is ready. If it throws, the instance is terminated.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the launch. Instances that were not received are terminated.</param>
    /// <exception cref="SpotTrainerException">An instance could not be launched. Others may have been received.</exception>
    public static async Task EnsureAsync(
        CloudContext cloud, LaunchRequest request, Func<SpotTrainingInstance, Task> receive, StepContext context,
        CancellationToken cancellationToken)
    {
        var step = await PrepareAsync(cloud, request, context, cancellationToken);
        await Task.WhenAll(Enumerable.Range(1, request.Count).Select(number => step.EnsureOneAsync(number, receive, cancellationToken)));
    }

    /// <summary>Checks a request and finds its offers. Nothing is changed.</summary>
    /// <exception cref="SpotTrainerException"><c>TagInvalid</c>, and the errors of finding offers.</exception>
    public static async Task<LaunchStep> PrepareAsync(
        CloudContext cloud, LaunchRequest request, StepContext context, CancellationToken cancellationToken)
    {
        request.RequireTags();
        if (request.Offers.Count > 0)
        {
            request = request with { Offers = [.. request.Offers.Select(offer => offer.In(cloud))] };
        }
        else
        {
            var regions = await RegionNames.ResolveAsync(cloud, request.Regions, cancellationToken);
            var criteria = new OfferCriteria { InstanceTypes = request.InstanceTypes, MaxPrice = request.MaxPrice };
            request =
                request with { Offers = LaunchOrder.Of(await OfferFinder.FindAsync(cloud, regions, criteria, context, cancellationToken)) };
        }

        return new LaunchStep(cloud, request, context);
    }

    /// <summary>The cloud that offers belong to.</summary>
    /// <exception cref="SpotTrainerException"><c>MixedClouds</c>.</exception>
    public static CloudContext CloudOf(IReadOnlyList<SpotOffer> offers) =>
        offers.All(offer => offer.Where == offers[0].Where && offer.Endpoint == offers[0].Endpoint) ? offers[0].Cloud
            : throw new SpotTrainerException("MixedClouds", ErrorKind.InvalidArgument,
                "The offers belong to different accounts, or to a rehearsal and to AWS.", "Use only offers of one of them.", offers[0]);

    /// <summary>
    /// Describes the highest cost over all offers, and the run time of the first offer that can be planned. An image may need a larger disk
    /// than the user asked for, so each kind of image is looked up, with a short time limit.
    /// </summary>
    /// <exception cref="SpotTrainerException">No offer can be launched with this budget and these prices.</exception>
    public async Task<string> DescribeAsync(CancellationToken cancellationToken)
    {
        Request.RequireKey(cloud);
        var sized = await WithDiskAsync(cancellationToken);
        var plans = new List<DeadlinePlan>();
        SpotTrainerException? error = null;
        foreach (var (offer, onDemand) in sized.Tries)
        {
            try
            {
                plans.Add(sized.PlanDeadline(offer, onDemand));
            }
            catch (SpotTrainerException exception)
            {
                // The launch also goes on to the next offer.
                error ??= exception;
            }
        }

        if (plans.Count == 0)
        {
            throw error!;
        }

        var (count, first) = (Request.Count == 1 ? string.Empty : $"{Request.Count} instances ", plans[0]);
        return $"launch {count}with a deadline in {DisplayText.Hours(first.Time)} h"
            + (first.Expected > first.Time ? $" (the budget is expected to last {DisplayText.Hours(first.Expected)} h)" : string.Empty)
            + $", for at most {DisplayText.MostUsd(plans.Max(plan => plan.HighestCost) * Request.Count)} USD, outbound traffic not included";
    }

    /// <summary>Warns about choices that the user may not have intended.</summary>
    /// <param name="isPreview">Whether to include what the launch itself warns about.</param>
    public void Warn(bool isPreview)
    {
        if (isPreview)
        {
            AddressRange.Preview(Request.AllowedCidr, port: 22, context.Log);
        }

        var first = Request.Offers[0];
        if (first.Size.NeedsNvidiaDriver && Request.Image.Alias is { } alias && !ImageResolver.HasDriver(alias))
        {
            context.Log.Warning(
                $"{first.InstanceType} has GPUs, and the image '{alias}' has no driver for them. Use -Image deep-learning.");
        }
    }

    /// <summary>
    /// Warns about running instances that already have the name: it would then stand for several. The ledger knows in which other regions
    /// to look. If EC2 does not answer soon, the launch goes on.
    /// </summary>
    public async Task WarnOfNamesakesAsync(CancellationToken cancellationToken)
    {
        var names = Enumerable.Range(1, Request.Count).Select(number => Request.ForInstance(number).Name).ToArray();
        List<Filter> filters =
        [
            InstanceReader.OwnFilter, new Filter("instance-state-name", ["pending", "running"]), new Filter("tag:" + ModuleTags.Name, [.. names]),
        ];
        using var limit = context.Time.Limit(PreviewTimeout, cancellationToken);
        try
        {
            var account = await cloud.GetAccountAsync(limit.Token);
            var regions = InstanceLedger.Read(cloud.StateFolder)
                .Where(
                    entry => entry.Running && entry.Ended > context.Now && entry.Account == account
                        && names.Contains(entry.Name, StringComparer.Ordinal))
                .Select(entry => entry.Region).Concat(Request.Offers.Select(offer => offer.Region)).Distinct(StringComparer.Ordinal).ToArray();
            foreach (var instance in await InstanceReader.ListEverywhereAsync(cloud, regions, filters, context, limit.Token))
            {
                context.Log.Warning(
                    $"{instance} in {instance.Region} already has this name, and runs until {DisplayText.Of(instance.Deadline)}. "
                    + "Use the IDs to tell them apart, or another -Name.");
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            context.Log.Verbose(ErrorTranslation.Translate(exception, Request.Name).Message);
        }
    }

    /// <summary>Launches one instance, unless it was launched before.</summary>
    /// <param name="number">The number of the instance, from 1.</param>
    /// <param name="receive">Receives the instance.</param>
    /// <param name="cancellationToken">Cancels the launch.</param>
    public async Task EnsureOneAsync(int number, Func<SpotTrainingInstance, Task> receive, CancellationToken cancellationToken)
    {
        var one = Request.ForInstance(number);
        if (!Request.IsNew && await FindAsync(one.Token, cancellationToken) is { } known)
        {
            await receive(Request.NoWait
                ? known : await InstanceWaiter.UntilReadyAsync(
                    cloud, known.Region, known.InstanceId, $"Waiting for {known}", context, cancellationToken));
            return;
        }

        await new Launcher(cloud, one, preparation, context).LaunchAsync(receive, cancellationToken);
    }

    private async Task<SpotTrainingInstance?> FindAsync(string token, CancellationToken cancellationToken)
    {
        var regions = Request.Offers.Select(offer => offer.Region).Distinct(StringComparer.Ordinal).ToArray();
        List<Filter> filters = [new Filter("tag:" + ModuleTags.Launch, [token]), Ec2Instances.Living];
        // Every region has to answer: where none is known to run, a second one would be launched.
        var found = await Task.WhenAll(
            regions.Select(region => InstanceReader.ListAsync(cloud, region, filters, context, cancellationToken)));
        return found.SelectMany(inRegion => inRegion).FirstOrDefault();
    }

    private async Task<LaunchRequest> WithDiskAsync(CancellationToken cancellationToken)
    {
        var sized = Request;
        using var limit = context.Time.Limit(PreviewTimeout, cancellationToken);
        var images = Request.Offers.GroupBy(LaunchPreparation.ImageKindOf, StringComparer.Ordinal)
            .Select(kind => preparation.ImageAsync(kind.First(), limit.Token)).ToArray();
        foreach (var image in images)
        {
            try
            {
                sized = sized.WithDiskFor(await image);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // This is only a preview. The launch looks the image up again, and fails if it is missing.
                context.Log.Verbose(ErrorTranslation.Translate(exception, Request.Offers[0]).Message);
            }
        }

        return sized;
    }
}
