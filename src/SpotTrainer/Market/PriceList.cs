using System.Text.Json;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>
/// AWS's Price List Query API (GetProducts): what a type costs on demand (Linux, shared, nothing preinstalled), and what a disk costs.
/// Answers are kept for a day. What can't be had is null, never a guess; <see cref="Failure"/> says why.
/// </summary>
internal sealed class PriceList(CloudContext cloud)
{
    private const int AtOnce = 10;

    /// <summary>How long an answer, or a region's whole list, may take.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>From so many types on, a region's whole list is read, a hundred a page, in place of a question for each.</summary>
    private const int WholeListFrom = 30;

    /// <summary>The regions that serve the list, for all regions alike.</summary>
    private static readonly string[] Servers = ["us-east-1", "eu-central-1", "ap-south-1"];

    /// <summary>Why something could not be had; null while all could.</summary>
    public string? Failure { get; private set; }

    /// <summary>Gives the prices of types on demand in a region, in US dollars an hour; types that have none are not in it.</summary>
    public async Task<IReadOnlyDictionary<string, Dated<decimal?>>> OnDemandAsync(string region, IEnumerable<string> types, CancellationToken cancellationToken)
    {
        var path = Path(region, "ondemand");
        var known = Fresh(path);
        var wanted = types.Distinct(StringComparer.Ordinal).ToArray();
        var missing = wanted.Where(type => !known.ContainsKey(type)).ToArray();
        if (missing.Length > 0)
        {
            if (missing.Length >= WholeListFrom)
            {
                await TryAsync(async limit =>
                {
                    await ReadListAsync(region, (type, usd) => Keep(known, type, usd), limit);
                    foreach (var type in missing.Where(type => !known.ContainsKey(type)))
                    {
                        Keep(known, type, usd: null);
                    }
                }, cancellationToken);
            }
            else
            {
                using var throttle = new SemaphoreSlim(AtOnce);
                await Task.WhenAll(missing.Select(async type =>
                {
                    await throttle.WaitAsync(cancellationToken);
                    try
                    {
                        await TryAsync(async limit => Keep(known, type, await OneAsync(region, type, limit)), cancellationToken);
                    }
                    finally
                    {
                        throttle.Release();
                    }
                }));
            }

            DatedCache.Write(path, known);
        }

        return wanted.Where(known.ContainsKey).ToDictionary(type => type, type => known[type], StringComparer.Ordinal);
    }

    /// <summary>Gives the price of a GiB of gp3 disk for a month in a region, in US dollars; null where it can't be had.</summary>
    public async Task<decimal?> DiskAsync(string region, CancellationToken cancellationToken)
    {
        const string gp3 = "gp3";
        var path = Path(region, "disk");
        var known = Fresh(path);
        if (!known.ContainsKey(gp3))
        {
            await TryAsync(async limit =>
            {
                var answer = await AskAsync(
                    [Term("regionCode", region), Term("productFamily", "Storage"), Term("volumeApiName", gp3)], nextToken: null, limit);
                Keep(known, gp3, Products(answer).Select(product => product.Usd).FirstOrDefault(usd => usd is not null));
                DatedCache.Write(path, known);
            }, cancellationToken);
        }

        return known.TryGetValue(gp3, out var price) ? price.Value : null;
    }

    private static void Keep(Dictionary<string, Dated<decimal?>> known, string name, decimal? usd)
    {
        lock (known)
        {
            known[name] = new Dated<decimal?>(usd, DateTimeOffset.UtcNow);
        }
    }

    private static Dictionary<string, Dated<decimal?>> Fresh(string path) =>
        (DatedCache.Read<Dictionary<string, Dated<decimal?>>>(path) ?? []).Where(entry => DatedCache.IsFresh(entry.Value.Date))
            .ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);

    private static object[] OfLinux(string region) =>
    [
        Term("regionCode", region), Term("operatingSystem", "Linux"), Term("tenancy", "Shared"), Term("preInstalledSw", "NA"), Term("capacitystatus", "Used"),
    ];

    private static object Term(string field, string value) => new { Type = "TERM_MATCH", Field = field, Value = value };

    /// <summary>Each product is a text that is JSON itself; its price is that of the first dimension which costs something.</summary>
    private static IEnumerable<(string? Type, decimal? Usd)> Products(JsonElement answer)
    {
        foreach (var text in answer.GetProperty("PriceList").EnumerateArray())
        {
            using var product = JsonDocument.Parse(text.GetString()!);
            var attributes = product.RootElement.GetProperty("product").GetProperty("attributes");
            yield return (attributes.TryGetProperty("instanceType", out var type) ? type.GetString() : null, Price(product.RootElement));
        }
    }

    private static decimal? Price(JsonElement product)
    {
        if (!product.GetProperty("terms").TryGetProperty("OnDemand", out var terms))
        {
            return null;
        }

        foreach (var dimension in terms.EnumerateObject().SelectMany(term => term.Value.GetProperty("priceDimensions").EnumerateObject()))
        {
            var usd = CostPerHour.Parse(dimension.Value.GetProperty("pricePerUnit").GetProperty("USD").GetString()!);
            if (usd > 0)
            {
                return usd;
            }
        }

        return null;
    }

    private string Path(string region, string what) => System.IO.Path.Combine(cloud.CacheFolder, $"{what}-{region}.json");

    private async Task<decimal?> OneAsync(string region, string type, CancellationToken cancellationToken) =>
        Products(await AskAsync([.. OfLinux(region), Term("instanceType", type)], nextToken: null, cancellationToken))
            .Select(product => product.Usd).FirstOrDefault(usd => usd is not null);

    private async Task ReadListAsync(string region, Action<string, decimal?> keep, CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var answer = await AskAsync(OfLinux(region), next, cancellationToken);
            foreach (var (type, usd) in Products(answer))
            {
                if (type is not null && usd is not null)
                {
                    keep(type, usd);
                }
            }

            next = answer.TryGetProperty("NextToken", out var token) ? token.GetString() : null;
        }
        while (!string.IsNullOrEmpty(next));
    }

    /// <summary>Asks the first of the list's servers that answers.</summary>
    private async Task<JsonElement> AskAsync(object[] filters, string? nextToken, CancellationToken cancellationToken)
    {
        for (var server = 0; ; server++)
        {
            try
            {
                return await cloud.Json("pricing", Servers[server]).CallAsync("AWSPriceListService.GetProducts",
                    new { ServiceCode = "AmazonEC2", FormatVersion = "aws_v1", MaxResults = 100, Filters = filters, NextToken = nextToken }, cancellationToken);
            }
            catch (Exception exception) when (server + 1 < Servers.Length && !cancellationToken.IsCancellationRequested
                && exception is not SpotTrainerException { Kind: ErrorKind.PermissionDenied or ErrorKind.AuthenticationError })
            {
                // Another of them may answer.
            }
        }
    }

    /// <summary>Asks, unless it was in vain before: what the list would have added is not worth a wait for each type.</summary>
    private async Task TryAsync(Func<CancellationToken, Task> ask, CancellationToken cancellationToken)
    {
        if (Failure is not null)
        {
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await ask(limit.Token);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Failure = AwsErrors.Translate(exception, "price list").Message;
        }
    }
}
