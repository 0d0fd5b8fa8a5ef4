using System.Globalization;
using Amazon.EC2;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Market;

/// <summary>
/// Finds offers, cheapest first. It asks all regions at the same time, and looks up the details (history, on-demand price, interruptions,
/// score) only of the offers that are returned.
/// </summary>
internal sealed class OfferFinder
{
    private const string Activity = "Looking for offers";

    private readonly CloudContext cloud;
    private readonly OfferCriteria criteria;
    private readonly StepContext context;
    private readonly PriceList prices;
    private readonly InstanceTypeCatalog catalog;
    private readonly HashSet<string> told = new(StringComparer.Ordinal);
    private readonly HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lazy<Task<SpotAdvisor>> advisor;
    private CurrentPrice? cheapest;

    private OfferFinder(CloudContext cloud, OfferCriteria criteria, StepContext context, CancellationToken cancellationToken)
    {
        this.cloud = cloud;
        this.criteria = criteria;
        this.context = context;
        prices = new PriceList(cloud);
        catalog = new InstanceTypeCatalog(context.Time);
        advisor = new Lazy<Task<SpotAdvisor>>(() => SpotAdvisor.GetAsync(cloud, cancellationToken));
    }

    /// <summary>Finds the offers that meet the criteria, cheapest first.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="regions">The regions.</param>
    /// <param name="criteria">What the offers must have.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <exception cref="SpotTrainerException">
    /// <c>UnknownInstanceType</c>, <c>NoOffer</c>, or <c>NoOfferUnderPrice</c>, which names the cheapest offer.
    /// </exception>
    public static async Task<IReadOnlyList<SpotOffer>> FindAsync(
        CloudContext cloud, IReadOnlyList<string> regions, OfferCriteria criteria, StepContext context, CancellationToken cancellationToken)
    {
        var finder = new OfferFinder(cloud, criteria, context, cancellationToken);
        var ranking = finder.NewRanking();
        await finder.AskAsync(regions, (region, limit) => finder.ReadAsync(region, ranking, limit), cancellationToken);
        finder.TellOfUnknown();
        var offers = await finder.DescribeAsync(ranking.Best, cancellationToken);
        return offers.Count > 0 ? offers : throw await finder.NoneAsync(regions, cancellationToken);
    }

    /// <summary>Returns offers; those that are only references are looked up, with their current prices.</summary>
    /// <exception cref="SpotTrainerException"><c>OtherCloud</c>, <c>OfferGone</c>.</exception>
    public static async Task<IReadOnlyList<SpotOffer>> ResolveAsync(
        IReadOnlyList<SpotOffer> offers, Func<CloudContext> resolve, StepContext context, CancellationToken cancellationToken)
    {
        if (!offers.Any(offer => offer.IsReference))
        {
            return offers;
        }

        var known = new Dictionary<(string, string), SpotOffer>();
        foreach (var region in offers.Where(offer => offer.IsReference).GroupBy(offer => offer.Region, StringComparer.Ordinal))
        {
            RegionNames.Require(region.Key);
            var home = resolve();
            foreach (var origin in region.Where(offer => offer.Origin is not null).GroupBy(offer => offer.Origin!))
            {
                home = await origin.Key.RequireAsync($"The offer {origin.First()}", resolve, cancellationToken);
            }

            await home.GetAccountAsync(cancellationToken);
            var wanted = new OfferCriteria
            {
                InstanceTypes = region.Select(offer => offer.InstanceType).Distinct(StringComparer.Ordinal).ToArray(),
            };
            foreach (var offer in await FindAsync(home, [region.Key], wanted, context, cancellationToken))
            {
                known[(offer.InstanceType, offer.Zone)] = offer;
            }
        }

        return offers.Select(offer => !offer.IsReference ? offer
            : known.TryGetValue((offer.InstanceType, offer.Zone), out var current) ? current
            : throw new SpotTrainerException("OfferGone", ErrorKind.ObjectNotFound, $"{offer} is not offered anymore.",
                "Find available offers with Find-SpotOffer.", offer)).ToArray();
    }

    /// <summary>Finds offers and emits each region's offers, cheapest first, as soon as the region answers.</summary>
    /// <inheritdoc cref="FindAsync"/>
    /// <exception cref="SpotTrainerException">
    /// <c>ScoreNeedsAll</c>: a score is for the whole set of types, which is known only when all regions have answered.
    /// </exception>
    public static async Task StreamAsync(
        CloudContext cloud, IReadOnlyList<string> regions, OfferCriteria criteria, Func<SpotOffer, Task> emit, StepContext context,
        CancellationToken cancellationToken)
    {
        if (criteria.IncludeScore)
        {
            throw new SpotTrainerException("ScoreNeedsAll", ErrorKind.InvalidArgument,
                "Placement scores are for all types that were found, but -Unsorted does not wait until all are known.",
                "Leave out -Unsorted or -IncludeScore.");
        }

        var finder = new OfferFinder(cloud, criteria, context, cancellationToken);
        var left = criteria.First > 0 ? criteria.First : int.MaxValue;
        var emitted = 0;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await finder.AskAsync(regions, async (region, limit) =>
            {
                var ranking = finder.NewRanking();
                await finder.ReadAsync(region, ranking, limit);
                foreach (var offer in await finder.DescribeAsync(ranking.Best, enough.Token))
                {
                    if (Interlocked.Increment(ref emitted) > left)
                    {
                        break;
                    }

                    await emit(offer);
                }

                if (emitted >= left)
                {
                    enough.Cancel();
                }
            }, enough.Token);
        }
        catch (OperationCanceledException) when (emitted >= left && !cancellationToken.IsCancellationRequested)
        {
            // There are enough offers, so the other regions need not answer.
        }

        if (!enough.IsCancellationRequested)
        {
            finder.TellOfUnknown();
        }

        if (emitted == 0)
        {
            throw await finder.NoneAsync(regions, cancellationToken);
        }
    }

    /// <summary>Returns an empty ranking. A score needs a set of types, so it may keep more offers than are returned.</summary>
    private OfferRanking NewRanking() =>
        new(criteria.First == 0 ? int.MaxValue : Math.Max(criteria.First, criteria.IncludeScore ? PlacementScores.SetOfOffers : 0));

    private async Task AskAsync(
        IReadOnlyList<string> regions, Func<string, CancellationToken, Task> ask, CancellationToken cancellationToken)
    {
        await cloud.GetAccountAsync(cancellationToken);
        _ = advisor.Value;
        var answered = 0;
        try
        {
            await RegionQuery.AskAsync(regions, async (region, limit) =>
            {
                await ask(region, limit);
                context.Log.Progress(
                    Activity, $"{Interlocked.Increment(ref answered)} of {regions.Count} regions", 100 * answered / regions.Count);
                return region;
            }, criteria.RegionTimeout, context, cancellationToken);
        }
        finally
        {
            context.Log.ProgressDone(Activity);
        }
    }

    /// <summary>Reads a region's prices and ranks what meets the criteria, page by page.</summary>
    private async Task ReadAsync(string region, OfferRanking ranking, CancellationToken cancellationToken)
    {
        var ec2 = cloud.Ec2(region);
        var disk = prices.DiskAsync(region, cancellationToken);
        var ranked = new List<Task>();

        // Request the next page while the types of the previous one are looked up.
        await SpotPrices.ReadNowAsync(cloud, region, criteria.InstanceTypes, page => ranked.Add(RankAsync(page)), cancellationToken);
        await Task.WhenAll(ranked);

        async Task RankAsync(IReadOnlyList<CurrentPrice> page)
        {
            lock (told)
            {
                seen.UnionWith(page.Select(price => price.Type));
            }

            var sizes = await catalog.GetAsync(ec2, page.Select(price => price.Type), cancellationToken);
            var diskPrice = await disk;
            foreach (var price in page)
            {
                if (sizes.TryGetValue(price.Type, out var size) && criteria.Accepts(size))
                {
                    Notice(price);
                    if (criteria.MaxPrice is not { } cap || price.Point.Price <= cap)
                    {
                        ranking.Add(new Candidate(region, price, size, diskPrice));
                    }
                }
            }
        }
    }

    /// <summary>Warns about named types without a price in any region: usually typos. If nothing was found, the error says so.</summary>
    private void TellOfUnknown()
    {
        var unknown = criteria.InstanceTypes.Where(name => !NamePattern.IsPattern(name) && !seen.Contains(name)).ToArray();
        if (seen.Count > 0 && unknown.Length > 0)
        {
            Tell($"There is no Spot price for {string.Join(", ", unknown)} in the regions that were searched.");
        }
    }

    private void Notice(CurrentPrice price)
    {
        lock (told)
        {
            if (cheapest is not { } known || price.Point.Price < known.Point.Price)
            {
                cheapest = price;
            }
        }
    }

    /// <summary>Looks up the details of the offers that are returned.</summary>
    private async Task<IReadOnlyList<SpotOffer>> DescribeAsync(IReadOnlyList<Candidate> candidates, CancellationToken cancellationToken)
    {
        if (candidates.Count == 0)
        {
            return [];
        }

        var scores = ScoresAsync(candidates, cancellationToken);
        candidates = criteria.First > 0 ? candidates.Take(criteria.First).ToArray() : candidates;
        var regions = candidates.GroupBy(candidate => candidate.Region, StringComparer.Ordinal).ToArray();
        var described = await Task.WhenAll(regions.Select(async region =>
        {
            var types = region.Select(candidate => candidate.Price.Type).Distinct(StringComparer.Ordinal).ToArray();
            var history = HistoryAsync(region.Key, types, cancellationToken);
            return (Region: region.Key, OnDemand: await prices.OnDemandAsync(region.Key, types, cancellationToken), History: await history);
        }));
        var byRegion = described.ToDictionary(region => region.Region, StringComparer.Ordinal);
        var bands = await advisor.Value;
        var found = await scores;
        TellOf(byRegion.Keys, prices.OnDemandFailure, "On-demand prices", "savings are not shown");
        TellOf(byRegion.Keys, prices.DiskFailure, "Disk prices", "the price of the most expensive region is used");
        Tell(bands.Failure is { } lost ? $"{lost} Interruptions are not shown." : null);
        return candidates.Select(candidate =>
        {
            var (_, onDemand, history) = byRegion[candidate.Region];
            var price = candidate.Price;
            onDemand.TryGetValue(price.Type, out var listed);
            history.TryGetValue((price.Type, price.Zone), out var series);
            var band = bands.Band(candidate.Region, price.Type);
            return new SpotOffer(cloud, candidate)
            {
                OnDemandPrice = listed?.Value,
                OnDemandPriceDate = listed?.Date,
                Lowest = series?.Lowest,
                Highest = series?.Highest,
                Mean = series?.Mean is { } mean ? Math.Round(mean, 6) : null,
                Days = series is null ? 0 : criteria.Days,
                Interruption = band,
                InterruptionDate = band is null ? null : bands.Date,
                Score = found.TryGetValue(price.Zone, out var score) ? score : null,
                Missing = Missing(candidate.Region, listed, band, bands),
            };
        }).ToArray();
    }

    /// <summary>Warns once for all regions with the same problem.</summary>
    private void TellOf(IEnumerable<string> regions, Func<string, string?> failureOf, string what, string so)
    {
        foreach (var failure in regions.GroupBy(failureOf, StringComparer.Ordinal).Where(failure => failure.Key is not null))
        {
            var where = string.Join(", ", failure.OrderBy(region => region, StringComparer.Ordinal));
            Tell($"{what} for {where} are not available, so {so}: {failure.Key}");
        }
    }

    private string[] Missing(string region, Dated<decimal?>? listed, string? band, SpotAdvisor bands) => new[]
    {
        listed is null ? $"On-demand price: {prices.OnDemandFailure(region)}"
            : listed.Value is null ? "On-demand price: The price list does not have this type." : null,
        band is not null ? null : $"Interruption: {bands.Failure ?? "The Spot advisor does not have this type."}",
    }.OfType<string>().ToArray();

    private async Task<IReadOnlyDictionary<(string Type, string Zone), SpotPriceSeries>> HistoryAsync(
        string region, string[] types, CancellationToken cancellationToken)
    {
        if (criteria.Days > 0)
        {
            // The region may go on as long as it returns pages. But it may have failed since it returned its prices.
            using var limit = context.Time.Limit(criteria.RegionTimeout, cancellationToken);
            try
            {
                return await SpotPrices.ReadHistoryAsync(
                    cloud, region, types, context.Now.AddDays(-criteria.Days), limit.Token, () => limit.Restart(criteria.RegionTimeout));
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Tell($"The price history of {region} is not available: {ErrorTranslation.Translate(exception, region).Message}");
            }
        }

        return new Dictionary<(string, string), SpotPriceSeries>();
    }

    private async Task<IReadOnlyDictionary<string, int>> ScoresAsync(
        IReadOnlyList<Candidate> candidates, CancellationToken cancellationToken)
    {
        if (criteria.IncludeScore)
        {
            var types = candidates.Select(candidate => candidate.Price.Type).Distinct(StringComparer.Ordinal).ToArray();
            Tell(types.Length < PlacementScores.LeastTypes
                ? $"EC2 always gives fewer than {PlacementScores.LeastTypes} types a low score. Search for more types, or ignore the score."
                : null);
            using var limit = context.Time.Limit(criteria.RegionTimeout, cancellationToken);
            try
            {
                return await PlacementScores.GetAsync(
                    cloud, candidates.Select(candidate => candidate.Region).Distinct(StringComparer.Ordinal).ToArray(), types, limit.Token);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Tell($"Placement scores are not available: {ErrorTranslation.Translate(exception, "placement scores").Message}");
            }
        }

        return new Dictionary<string, int>(StringComparer.Ordinal);
    }

    /// <summary>Writes each warning once, however many regions cause it.</summary>
    private void Tell(string? warning)
    {
        lock (told)
        {
            if (warning is null || !told.Add(warning))
            {
                return;
            }
        }

        context.Log.Warning(warning);
    }

    private async Task<SpotTrainerException> NoneAsync(IReadOnlyList<string> regions, CancellationToken cancellationToken)
    {
        var where = regions.Count == 1 ? regions[0] : $"{regions.Count} regions";
        if (cheapest is { } price)
        {
            return new SpotTrainerException("NoOfferUnderPrice", ErrorKind.LimitsExceeded,
                string.Format(
                    CultureInfo.InvariantCulture, "No offer in {0} costs {1} USD/h or less. The cheapest is {2} in {3} at {4} USD/h.",
                    where, criteria.MaxPrice, price.Type, price.Zone, price.Point.Price),
                "Raise -MaxPrice, relax the criteria, or search another -Region.", criteria.MaxPrice);
        }

        var exact = criteria.InstanceTypes.Where(name => !NamePattern.IsPattern(name)).ToArray();
        if (exact.Length > 0)
        {
            try
            {
                await InstanceTypeCatalog.RequireKnownAsync(cloud.Ec2(regions[0]), exact, cancellationToken);
            }
            catch (AmazonEC2Exception exception)
            {
                return ErrorTranslation.Translate(exception, string.Join(", ", exact));
            }
        }

        return new SpotTrainerException("NoOffer", ErrorKind.ObjectNotFound, $"No offer in {where} meets the criteria: {criteria}.",
            "Relax the criteria, or search another -Region.", where);
    }
}
