using System.Globalization;
using Amazon.EC2;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Market;

/// <summary>
/// Finds what can be bought now, cheapest first: all regions are asked at once, and only what is shown is looked at closely (its history,
/// its on-demand price, its interruptions, its score).
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

    /// <summary>Finds the offers that meet the criteria, those first that cost least.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="regions">The regions.</param>
    /// <param name="criteria">What is wanted.</param>
    /// <param name="context">Is told of regions that can't be asked, and of what can't be had.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="SpotTrainerException"><c>UnknownInstanceType</c>, <c>NoOffer</c>, or <c>NoOfferUnderPrice</c> with the cheapest there is.</exception>
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

    /// <summary>Finds the offers, and emits those of each region, the cheapest first, as soon as it has answered.</summary>
    /// <inheritdoc cref="FindAsync"/>
    /// <exception cref="SpotTrainerException"><c>ScoreNeedsAll</c>: a score is that of the whole set of types, which is known only when all regions have answered.</exception>
    public static async Task StreamAsync(
        CloudContext cloud, IReadOnlyList<string> regions, OfferCriteria criteria, Func<SpotOffer, Task> emit, StepContext context, CancellationToken cancellationToken)
    {
        if (criteria.IncludeScore)
        {
            throw new SpotTrainerException("ScoreNeedsAll", ErrorKind.InvalidArgument, "A score is that of all types that were found, and -Unsorted does not wait for all.",
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
            // As many as were wanted: the other regions need not answer.
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

    /// <summary>A score needs a set of types, which is more than the few that are shown.</summary>
    private OfferRanking NewRanking() => new(criteria.First == 0 ? int.MaxValue : Math.Max(criteria.First, criteria.IncludeScore ? PlacementScores.SetOfOffers : 0));

    private async Task AskAsync(IReadOnlyList<string> regions, Func<string, CancellationToken, Task> ask, CancellationToken cancellationToken)
    {
        await cloud.GetAccountAsync(cancellationToken);
        _ = advisor.Value;
        var answered = 0;
        try
        {
            await RegionQuery.AskAsync(regions, async (region, limit) =>
            {
                await ask(region, limit);
                context.Log.Progress(Activity, $"{Interlocked.Increment(ref answered)} of {regions.Count} regions", 100 * answered / regions.Count);
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

        // The next page is asked for while the types of the one before are looked up.
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

    /// <summary>A type that was named and has no price anywhere is most often a slip. Where nothing at all was found, the error says it.</summary>
    private void TellOfUnknown()
    {
        var unknown = criteria.InstanceTypes.Where(name => !NamePattern.IsPattern(name) && !seen.Contains(name)).ToArray();
        if (seen.Count > 0 && unknown.Length > 0)
        {
            Tell($"There is no Spot price of {string.Join(", ", unknown)} where it was looked for.");
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

    /// <summary>Looks closely at what is shown of the candidates.</summary>
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
        TellOf(byRegion.Keys, prices.OnDemandFailure, "Prices on demand", "no saving is shown");
        TellOf(byRegion.Keys, prices.DiskFailure, "Prices of disks", "the dearest there is counts");
        Tell(bands.Failure is { } lost ? $"{lost} No interruptions are shown." : null);
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

    /// <summary>Says once for all regions alike what can't be had there.</summary>
    private void TellOf(IEnumerable<string> regions, Func<string, string?> failureOf, string what, string so)
    {
        foreach (var failure in regions.GroupBy(failureOf, StringComparer.Ordinal).Where(failure => failure.Key is not null))
        {
            Tell($"{what} in {string.Join(", ", failure.OrderBy(region => region, StringComparer.Ordinal))} can't be had ({failure.Key}): {so}.");
        }
    }

    private string[] Missing(string region, Dated<decimal?>? listed, string? band, SpotAdvisor bands) => new[]
    {
        listed is null ? $"On-demand price: {prices.OnDemandFailure(region)}" : listed.Value is null ? "On-demand price: the price list has none." : null,
        band is not null ? null : $"Interruption: {bands.Failure ?? "the Spot advisor does not have this type."}",
    }.OfType<string>().ToArray();

    private async Task<IReadOnlyDictionary<(string Type, string Zone), SpotPriceSeries>> HistoryAsync(
        string region, string[] types, CancellationToken cancellationToken)
    {
        if (criteria.Days > 0)
        {
            // As long as the region gives page after page it may go on; but it may have died since it told its prices.
            using var limit = context.Time.Limit(criteria.RegionTimeout, cancellationToken);
            try
            {
                return await SpotPrices.ReadHistoryAsync(
                    cloud, region, types, context.Now.AddDays(-criteria.Days), limit.Token, () => limit.Restart(criteria.RegionTimeout));
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Tell($"The history of prices in {region} can't be had: {ErrorTranslation.Translate(exception, region).Message}");
            }
        }

        return new Dictionary<(string, string), SpotPriceSeries>();
    }

    private async Task<IReadOnlyDictionary<string, int>> ScoresAsync(IReadOnlyList<Candidate> candidates, CancellationToken cancellationToken)
    {
        if (criteria.IncludeScore)
        {
            var types = candidates.Select(candidate => candidate.Price.Type).Distinct(StringComparer.Ordinal).ToArray();
            Tell(types.Length < PlacementScores.LeastTypes
                ? $"EC2 always scores fewer than {PlacementScores.LeastTypes} types low: ask for more types, or don't go by the score." : null);
            using var limit = context.Time.Limit(criteria.RegionTimeout, cancellationToken);
            try
            {
                return await PlacementScores.GetAsync(
                    cloud, candidates.Select(candidate => candidate.Region).Distinct(StringComparer.Ordinal).ToArray(), types, limit.Token);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Tell($"Placement scores can't be had: {ErrorTranslation.Translate(exception, "placement scores").Message}");
            }
        }

        return new Dictionary<string, int>(StringComparer.Ordinal);
    }

    /// <summary>Each warning once, however many regions meet it.</summary>
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
                string.Format(CultureInfo.InvariantCulture, "No offer in {0} is under {1} USD/h; the cheapest is {2} in {3} at {4} USD/h.",
                    where, criteria.MaxPrice, price.Type, price.Zone, price.Point.Price),
                "Raise -MaxPrice, ask for less, or look in another -Region.", criteria.MaxPrice);
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

        return new SpotTrainerException("NoOffer", ErrorKind.ObjectNotFound, $"Nothing in {where} meets the criteria: {criteria}.",
            "Ask for less, or look in another -Region.", where);
    }
}
