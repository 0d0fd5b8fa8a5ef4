using System.Globalization;
using System.Text.Json;
using SpotTrainer.Rehearsal.Ec2;
using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>The calls of the services that speak JSON 1.1: Systems Manager's public parameters, and the price list.</summary>
internal static class JsonService
{
    /// <summary>Carries out a call and gives the answer, to be written as JSON.</summary>
    /// <param name="target">The value of X-Amz-Target.</param>
    /// <param name="body">The call.</param>
    /// <param name="region">The region that the signature names.</param>
    /// <param name="account">The account's number.</param>
    /// <param name="market">The market.</param>
    public static object Answer(string target, JsonElement body, string region, string account, MarketTable market) => target switch
    {
        "AmazonSSM.GetParameter" => new { Parameter = Parameter(region, account, Text(body, "Name")) ?? throw ParameterNotFound() },
        "AmazonSSM.GetParameters" => GetParameters(region, account, body),
        "AWSPriceListService.GetProducts" => GetProducts(body, market),
        _ => throw new AwsException("UnknownOperationException", $"The operation {target} is not known."),
    };

    private static object GetParameters(string region, string account, JsonElement body)
    {
        var names = Array(body, "Names").Select(name => name.GetString()!).ToArray();
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
        var filters = body.TryGetProperty("Filters", out _)
            ? Array(body, "Filters").Select(filter => (Field: Text(filter, "Field"), Value: Text(filter, "Value"))).ToArray()
            : [];
        var list = MarketTable.Regions.SelectMany(region => market.Types(region).Select(type => (Type: type, Region: region, Attributes: Attributes(type, region))))
            .Where(product => filters.All(filter => product.Attributes.GetValueOrDefault(filter.Field) == filter.Value))
            .Select(product => Product(product.Type, product.Region, product.Attributes)).ToArray();
        return new { FormatVersion = "aws_v1", PriceList = list };
    }

    private static Dictionary<string, string> Attributes(MarketType type, string region) => new(StringComparer.Ordinal)
    {
        ["servicecode"] = "AmazonEC2", ["instanceType"] = type.Name, ["regionCode"] = region, ["operatingSystem"] = "Linux", ["tenancy"] = "Shared",
        ["preInstalledSw"] = "NA", ["capacitystatus"] = "Used", ["vcpu"] = type.VCpu.ToString(CultureInfo.InvariantCulture), ["memory"] = $"{type.MemoryMiB / 1024} GiB",
    };

    /// <summary>A product as the price list has it: a text that is JSON itself.</summary>
    private static string Product(MarketType type, string region, Dictionary<string, string> attributes)
    {
        var sku = Ids.Stable("sku", $"{type.Name}/{region}")[4..].ToUpperInvariant();
        var (term, rate) = ($"{sku}.JRTCKXETXF", $"{sku}.JRTCKXETXF.6YS6EN2CT7");
        var price = MarketTable.OnDemand(type, region).ToString("0.0000000000", CultureInfo.InvariantCulture);
        return JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["product"] = new
            {
                productFamily = "Compute Instance",
                attributes,
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
                            [rate] = new { unit = "Hrs", description = $"${price} per On Demand Linux {type.Name} Instance Hour", pricePerUnit = new { USD = price } },
                        },
                        sku,
                    },
                },
            },
        });
    }

    private static IEnumerable<JsonElement> Array(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray()
            : throw new AwsException("ValidationException", $"{name} is missing.");

    private static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.GetString() is { } text
            ? text
            : throw new AwsException("ValidationException", $"{name} is missing.");
}
