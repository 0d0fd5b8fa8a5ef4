using System.Globalization;
using System.Text.Json;
using SpotTrainer.Rehearsal.Ec2;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>Calls to the services that use JSON 1.1: Systems Manager's public parameters and the price list.</summary>
internal static class JsonService
{
    /// <summary>Handles a call and returns the response, which the caller writes as JSON.</summary>
    /// <param name="target">The value of X-Amz-Target.</param>
    /// <param name="body">The request body.</param>
    /// <param name="region">The region in the signature.</param>
    /// <param name="account">The account number.</param>
    /// <param name="market">The market.</param>
    public static object Answer(string target, JsonElement body, string region, string account, MarketTable market) => target switch
    {
        "AmazonSSM.GetParameter" => new { Parameter = Parameter(region, account, Text(body, "Name")) ?? throw ParameterNotFound() },
        "AmazonSSM.GetParameters" => GetParameters(region, account, body),
        "AWSPriceListService.GetProducts" => GetProducts(body, market),
        _ => throw new AwsException("UnknownOperationException", $"The operation {target} is unknown."),
    };

    private static object GetParameters(string region, string account, JsonElement body)
    {
        var names = Array(body, "Names").Select(name => name.GetString()!).ToArray();
        if (names.Length > 10)
        {
            throw new AwsException("ValidationException", "Names must have length less than or equal to 10.");
        }

        var found = names.Select(name => Parameter(region, account, name)).OfType<object>().ToArray();
        return new { Parameters = found, InvalidParameters = names.Where(name => Parameter(region, account, name) is null).ToArray() };
    }

    private static object? Parameter(string region, string account, string name) => ImageActions.FindByParameter(region, name) is { } image
        ? new
        {
            Name = name, Type = "String", Value = image.Id, Version = 1, DataType = "aws:ec2:image",
            ARN = $"arn:aws:ssm:{region}:{account}:parameter{name}", LastModifiedDate = 1767571200.0,
        }
        : null;

    private static AwsException ParameterNotFound() => new("ParameterNotFound", "The parameter was not found.");

    private static object GetProducts(JsonElement body, MarketTable market)
    {
        if (Text(body, "ServiceCode") is var service && service != "AmazonEC2")
        {
            throw new AwsException("NotFoundException", $"The rehearsal has no prices of the service {service}.");
        }

        var filters = body.TryGetProperty("Filters", out _)
            ? Array(body, "Filters").Select(filter => (Type: Text(filter, "Type"), Field: Text(filter, "Field"), Value: Text(filter, "Value"))).ToArray()
            : [];

        // Region and type narrow the result most, so they are looked up. Then every filter is compared.
        var regions = filters.Where(filter => filter.Field == "regionCode").Select(filter => filter.Value).ToArray();
        var names = filters.Where(filter => filter.Field == "instanceType").Select(filter => filter.Value).ToArray();
        var wantedRegions = market.Regions.Where(region => System.Array.TrueForAll(regions, wanted => wanted == region)).ToArray();
        var products = wantedRegions
            .SelectMany(region => (names.Length > 0 ? new[] { market.Find(region, names[0]) }.OfType<MarketType>() : market.Types(region))
                .Select(type => new Product($"{type.Name}/{region}", Attributes(type, region), () => market.OnDemand(type, region), "Hrs")))
            .Concat(wantedRegions.Select(
                region => new Product($"gp3/{region}", DiskAttributes(region), () => Ledger.DiskPrice(market.Region(region)), "GB-Mo")))
            .Where(product => System.Array.TrueForAll(
                filters, filter => product.Attributes.GetValueOrDefault(filter.Field) == filter.Value));
        var (page, next) = Page(body, products, most: 100);
        return new { FormatVersion = "aws_v1", PriceList = page.Select(product => product.Text()).ToArray(), NextToken = next };
    }

    private static Dictionary<string, string> Attributes(MarketType type, string region) => new(StringComparer.Ordinal)
    {
        ["servicecode"] = "AmazonEC2", ["productFamily"] = "Compute Instance", ["instanceType"] = type.Name, ["regionCode"] = region,
        ["operatingSystem"] = "Linux", ["tenancy"] = "Shared",
        ["preInstalledSw"] = "NA", ["capacitystatus"] = "Used", ["vcpu"] = type.VCpu.ToString(CultureInfo.InvariantCulture),
        ["memory"] = $"{type.MemoryMiB / 1024} GiB",
    };

    private static Dictionary<string, string> DiskAttributes(string region) => new(StringComparer.Ordinal)
    {
        ["servicecode"] = "AmazonEC2", ["productFamily"] = "Storage", ["regionCode"] = region, ["volumeApiName"] = "gp3",
        ["volumeType"] = "General Purpose",
    };

    /// <summary>Returns the page that MaxResults and NextToken ask for.</summary>
    internal static (IReadOnlyList<T> Items, string? NextToken) Page<T>(JsonElement body, IEnumerable<T> items, int most)
    {
        var start = 0;
        if (body.TryGetProperty("NextToken", out var token) && token.ValueKind == JsonValueKind.String
            && !int.TryParse(token.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out start))
        {
            throw new AwsException("InvalidNextTokenException", "The token is invalid.");
        }

        var size = body.TryGetProperty("MaxResults", out var max) && max.TryGetInt32(out var number) ? number : most;
        if (size < 1 || size > most)
        {
            throw new AwsException("ValidationException", $"MaxResults must be between 1 and {most}.");
        }

        var page = items.Skip(start).Take(size + 1).ToArray();
        return page.Length > size ? (page[..size], (start + size).ToString(CultureInfo.InvariantCulture)) : (page, null);
    }

    private static IEnumerable<JsonElement> Array(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray()
            : throw new AwsException("ValidationException", $"{name} is missing.");

    internal static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.GetString() is { } text
            ? text
            : throw new AwsException("ValidationException", $"{name} is missing.");

    /// <summary>A product of the price list.</summary>
    private sealed record Product(string Name, Dictionary<string, string> Attributes, Func<decimal> Usd, string Unit)
    {
        /// <summary>Returns the product in the price list's form: a string that contains JSON.</summary>
        public string Text()
        {
            var sku = Ids.Stable("sku", Name)[4..].ToUpperInvariant();
            var (term, rate) = ($"{sku}.JRTCKXETXF", $"{sku}.JRTCKXETXF.6YS6EN2CT7");
            var price = Usd().ToString("0.0000000000", CultureInfo.InvariantCulture);
            return JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["product"] = new
                {
                    productFamily = Attributes["productFamily"],
                    attributes = Attributes,
                    sku,
                },
                ["serviceCode"] = "AmazonEC2",
                ["terms"] = new
                {
                    OnDemand = new Dictionary<string, object>(StringComparer.Ordinal)
                    {
                        [term] = new
                        {
                            priceDimensions = new Dictionary<string, object>(StringComparer.Ordinal)
                            {
                                [rate] =
                                    new { unit = Unit, description = $"${price} per {Unit} of {Name}", pricePerUnit = new { USD = price } },
                            },
                            sku,
                        },
                    },
                },
            });
        }
    }
}
