using System.Globalization;
using System.Text.Json;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>Asks AWS's Price List Query API (GetProducts) what a type costs on demand: Linux, shared, nothing preinstalled.</summary>
internal static class OnDemandPrices
{
    private const int AtOnce = 6;

    /// <summary>Gives the prices, in US dollars an hour, of those types that have one. What can't be had is left out, with a warning.</summary>
    public static async Task<IReadOnlyDictionary<string, decimal>> GetAsync(
        CloudContext cloud, string region, IEnumerable<string> types, IStepLog log, CancellationToken cancellationToken)
    {
        var prices = new Dictionary<string, decimal>(StringComparer.Ordinal);
        var client = cloud.Json("pricing", "us-east-1");
        using var throttle = new SemaphoreSlim(AtOnce);
        var failures = 0;
        await Task.WhenAll(types.Select(async type =>
        {
            await throttle.WaitAsync(cancellationToken);
            try
            {
                if (await GetOneAsync(client, region, type, cancellationToken) is { } price)
                {
                    lock (prices)
                    {
                        prices[type] = price;
                    }
                }
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                if (Interlocked.Increment(ref failures) == 1)
                {
                    log.Warning($"On-demand prices can't be had ({AwsErrors.Translate(exception, type).Message}), so no saving is shown.");
                }
            }
            finally
            {
                throttle.Release();
            }
        }));
        return prices;
    }

    private static async Task<decimal?> GetOneAsync(AwsJsonClient client, string region, string type, CancellationToken cancellationToken)
    {
        var answer = await client.CallAsync("AWSPriceListService.GetProducts", new
        {
            ServiceCode = "AmazonEC2",
            FormatVersion = "aws_v1",
            MaxResults = 10,
            Filters = new[]
            {
                Term("regionCode", region), Term("instanceType", type), Term("operatingSystem", "Linux"), Term("tenancy", "Shared"),
                Term("preInstalledSw", "NA"), Term("capacitystatus", "Used"),
            },
        }, cancellationToken);
        foreach (var text in answer.GetProperty("PriceList").EnumerateArray())
        {
            using var product = JsonDocument.Parse(text.GetString()!);
            foreach (var term in product.RootElement.GetProperty("terms").GetProperty("OnDemand").EnumerateObject())
            {
                foreach (var dimension in term.Value.GetProperty("priceDimensions").EnumerateObject())
                {
                    var price = decimal.Parse(
                        dimension.Value.GetProperty("pricePerUnit").GetProperty("USD").GetString()!, CultureInfo.InvariantCulture);
                    if (price > 0)
                    {
                        return price;
                    }
                }
            }
        }

        return null;
    }

    private static object Term(string field, string value) => new { Type = "TERM_MATCH", Field = field, Value = value };
}
