using System.Collections.Concurrent;
using System.Text.Json;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Market;

/// <summary>
/// AWS's Price List Query API (GetProducts): what a type costs on demand (Linux, shared, nothing preinstalled), and what a disk costs.
/// Answers are kept for a day. A price that is not available is null and never guessed; <see cref="OnDemandFailure"/> and
/// <see cref="DiskFailure"/> say why.
/// </summary>
internal sealed class PriceList(CloudContext cloud)
{
    private const string GetProducts = "AWSPriceListService.GetProducts";
    private const int AtOnce = 10;

    /// <summary>From this many types on, a region's whole list is read, a hundred per page, instead of one request for each type.</summary>
    private const int WholeListFrom = 30;

    /// <summary>The regions that serve the list. Each has the prices of all regions.</summary>
    private static readonly string[] Servers = ["us-east-1", "eu-central-1", "ap-south-1"];

    /// <summary>The time limit of one answer. All servers together take less time than a region has for its offers.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The time limit of one page of a whole list, which is a MiB or more.</summary>
    private static readonly TimeSpan PageTimeout = TimeSpan.FromSeconds(8);

    /// <summary>The time limit of a whole list, for all servers together.</summary>
    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Why prices are not available, by the cache file in which they would be kept.</summary>
    private readonly ConcurrentDictionary<string, string> failures = new(StringComparer.Ordinal);

    /// <summary>The server that answered last, which is asked first.</summary>
    private volatile int best;

    /// <summary>Returns why on-demand prices of a region are not available; null if they are.</summary>
    public string? OnDemandFailure(string region) => failures.TryGetValue(OnDemandPath(region), out var failure) ? failure : null;

    /// <summary>Returns why the disk price of a region is not available; null if it is.</summary>
    public string? DiskFailure(string region) => failures.TryGetValue(DiskPath(region), out var failure) ? failure : null;

    /// <summary>Returns the on-demand prices of types in a region, in US dollars per hour. Types without an answer are left out.</summary>
    public async Task<IReadOnlyDictionary<string, Dated<decimal?>>> OnDemandAsync(
        string region, IEnumerable<string> types, CancellationToken cancellationToken)
    {
        var path = OnDemandPath(region);
        var known = Fresh(path);
        var wanted = types.Distinct(StringComparer.Ordinal).ToArray();
        var missing = wanted.Where(type => !known.ContainsKey(type)).ToArray();
        if (missing.Length > 0)
        {
            if (missing.Length >= WholeListFrom)
            {
                await TryAsync(path, PageTimeout, async ask =>
                {
                    await ReadListAsync(region, ask, (type, usd) => Keep(known, type, usd));
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
                        await TryAsync(
                            path, AnswerTimeout, async ask => Keep(known, type, await OneAsync(region, type, ask)), cancellationToken);
                    }
                    finally
                    {
                        throttle.Release();
                    }
                }));
            }

            DatedCache.Write(OnDemandPath(region), known);
        }

        return wanted.Where(known.ContainsKey).ToDictionary(type => type, type => known[type], StringComparer.Ordinal);
    }

    /// <summary>Returns the price of a GiB of gp3 disk per month in a region, in US dollars; null if it is not available.</summary>
    public async Task<decimal?> DiskAsync(string region, CancellationToken cancellationToken)
    {
        const string gp3 = "gp3";
        var path = DiskPath(region);
        var known = Fresh(path);
        if (!known.ContainsKey(gp3))
        {
            await TryAsync(path, AnswerTimeout, async ask =>
            {
                var answer = await ask([Term("regionCode", region), Term("productFamily", "Storage"), Term("volumeApiName", gp3)], null);
                Keep(known, gp3, Products(answer).Select(product => product.Usd).FirstOrDefault(usd => usd is not null));
                DatedCache.Write(DiskPath(region), known);
            }, cancellationToken);
        }

        return known.TryGetValue(gp3, out var price) ? price.Value : null;
    }

    private void Keep(Dictionary<string, Dated<decimal?>> known, string name, decimal? usd)
    {
        lock (known)
        {
            known[name] = new Dated<decimal?>(usd, cloud.Time.GetUtcNow());
        }
    }

    private Dictionary<string, Dated<decimal?>> Fresh(string path) =>
        (DatedCache.Read<Dictionary<string, Dated<decimal?>>>(path, cloud.Time) ?? [])
            .Where(entry => DatedCache.IsFresh(entry.Value.Date, cloud.Time))
            .ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);

    private static object[] OfLinux(string region) =>
    [
        Term("regionCode", region), Term("operatingSystem", "Linux"), Term("tenancy", "Shared"), Term("preInstalledSw", "NA"),
        Term("capacitystatus", "Used"),
    ];

    private static object Term(string field, string value) => new { Type = "TERM_MATCH", Field = field, Value = value };

    /// <summary>Reads the products. Each is JSON inside a string. Its price is the first price dimension that is not free.</summary>
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
            var usd = PriceText.Parse(dimension.Value.GetProperty("pricePerUnit").GetProperty("USD").GetString());
            if (usd > 0)
            {
                return usd;
            }
        }

        return null;
    }

    private string OnDemandPath(string region) => Path.Combine(cloud.CacheFolder, $"ondemand-{region}.json");

    private string DiskPath(string region) => Path.Combine(cloud.CacheFolder, $"disk-{region}.json");

    private static async Task<decimal?> OneAsync(string region, string type, Ask ask) =>
        Products(await ask([.. OfLinux(region), Term("instanceType", type)], null))
            .Select(product => product.Usd).FirstOrDefault(usd => usd is not null);

    private static async Task ReadListAsync(string region, Ask ask, Action<string, decimal?> keep)
    {
        string? next = null;
        do
        {
            var answer = await ask(OfLinux(region), next);
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

    /// <summary>
    /// Reads from the first server that returns everything. After a failure it does not try again, because a wait for each type would cost
    /// more than the prices are worth. Each server is asked once; only the last one is asked again if it is busy.
    /// </summary>
    private async Task TryAsync(string path, TimeSpan timeout, Func<Ask, Task> read, CancellationToken cancellationToken)
    {
        using var whole = cloud.Time.Limit(ListTimeout, cancellationToken);
        var first = best;
        for (var turn = 1; turn <= Servers.Length && !failures.ContainsKey(path); turn++)
        {
            var server = (first + turn - 1) % Servers.Length;
            var isLast = turn == Servers.Length;
            try
            {
                await read(AskAsync);
                best = server;
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // Another server may answer, unless the user lacks the permission.
                if (isLast || whole.IsCanceled
                    || exception is SpotTrainerException { Kind: ErrorKind.PermissionDenied or ErrorKind.AuthenticationError })
                {
                    failures.TryAdd(path, ErrorTranslation.Translate(exception, "price list").Message);
                }
            }

            async Task<JsonElement> AskAsync(object[] filters, string? nextToken)
            {
                using var limit = cloud.Time.Limit(timeout, whole.Token);
                var body =
                    new { ServiceCode = "AmazonEC2", FormatVersion = "aws_v1", MaxResults = 100, Filters = filters, NextToken = nextToken };
                var client = cloud.Json("pricing", Servers[server]);
                return isLast
                    ? await client.CallAsync(GetProducts, body, limit.Token)
                    : await client.CallAsync(GetProducts, body, limit.Token, attempts: 1);
            }
        }
    }

    /// <summary>Requests a page of the products that match filters from one server.</summary>
    private delegate Task<JsonElement> Ask(object[] filters, string? nextToken);
}
