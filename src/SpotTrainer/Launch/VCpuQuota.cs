using System.Text.Json;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Market;

namespace SpotTrainer.Launch;

/// <summary>
/// An account's vCPU quota in a region for a family of types, on the Spot market or on demand (Service Quotas, service ec2).
/// </summary>
/// <param name="Code">The quota code, such as L-34B43A08.</param>
/// <param name="Name">The quota name.</param>
/// <param name="Limit">The number of vCPUs that it allows.</param>
/// <param name="Used">The number of vCPUs in use.</param>
internal sealed record VCpuQuota(string Code, string Name, decimal Limit, int Used)
{
    private const string Service = "ec2";

    /// <summary>Families with the codes of their Spot and on-demand quotas. The quotas of other families are found by name.</summary>
    private static readonly (string Family, string? Spot, string? OnDemand)[] Known =
    [
        ("Standard", "L-34B43A08", "L-1216C47A"),
        ("G", "L-3819A6DF", "L-DB2E81BA"),
        ("P", "L-7212CCBC", "L-417A185B"),
        ("P5", "L-C4BD4855", null),
    ];

    /// <summary>
    /// Returns the quota family of a type: its first letters, unless they belong to the standard families. On the Spot market, P has one
    /// quota for its first generations together, and then one for each.
    /// </summary>
    public static string FamilyOf(string instanceType, bool onDemand)
    {
        var letters = new string(instanceType.TakeWhile(char.IsLetter).ToArray()).ToLowerInvariant();
        return letters switch
        {
            "inf" => "Inf",
            "trn" => "Trn",
            "dl" => "DL",
            "vt" => "G",
            "hpc" => "HPC",
            "u" => "High Memory",
            "p" when !onDemand && instanceType.Length > 1 && instanceType[1] >= '5' => "P" + instanceType[1],
            _ when letters.Length > 0 && "acdhimrtz".IndexOf(letters[0]) >= 0 => "Standard",
            _ => letters.Length == 0 ? "Standard" : letters.Substring(0, 1).ToUpperInvariant(),
        };
    }

    /// <summary>Finds the quota of a type and how much of it is in use.</summary>
    /// <returns>The quota; null if there is no quota with that name.</returns>
    public static async Task<VCpuQuota?> FindAsync(
        CloudContext cloud, string region, string instanceType, bool onDemand, CancellationToken cancellationToken)
    {
        var family = FamilyOf(instanceType, onDemand);
        var used = UsedAsync(cloud, region, family, onDemand, cancellationToken);
        var known = Array.Find(Known, entry => entry.Family == family);
        var quota = (onDemand ? known.OnDemand : known.Spot) is { } code
            ? await GetAsync(cloud, region, code, cancellationToken)
            : await FindByNameAsync(cloud, region, "ListServiceQuotas", family, onDemand, cancellationToken)
                ?? await FindByNameAsync(cloud, region, "ListAWSDefaultServiceQuotas", family, onDemand, cancellationToken);
        return quota is { } found
            ? new VCpuQuota(
                found.GetProperty("QuotaCode").GetString()!, found.GetProperty("QuotaName").GetString()!,
                found.GetProperty("Value").GetDecimal(), await used)
            : null;
    }

    /// <summary>Describes what the quota allows.</summary>
    public string Describe(int wanted) => FormattableString.Invariant(
        $"The quota '{Name}' ({Code}) allows {Limit:0} vCPUs, {Used} are in use, and {wanted} more are needed.");

    /// <summary>Describes how to raise the quota.</summary>
    public string HowToRaise(string region, int wanted) =>
        "Use a smaller type, or request an increase: aws service-quotas request-service-quota-increase --service-code ec2 "
        + FormattableString.Invariant($"--quota-code {Code} --desired-value {Used + wanted} --region {region}");

    /// <summary>Returns the account's own value, or AWS's default.</summary>
    private static async Task<JsonElement?> GetAsync(CloudContext cloud, string region, string code, CancellationToken cancellationToken)
    {
        var client = cloud.Json("servicequotas", region);
        try
        {
            return (await client.CallAsync(
                "ServiceQuotasV20190624.GetServiceQuota", new { ServiceCode = Service, QuotaCode = code },
                cancellationToken)).GetProperty("Quota");
        }
        catch (SpotTrainerException exception) when (exception.Id == "QuotaUnknown")
        {
            return (await client.CallAsync(
                "ServiceQuotasV20190624.GetAWSDefaultServiceQuota", new { ServiceCode = Service, QuotaCode = code },
                cancellationToken)).GetProperty("Quota");
        }
    }

    /// <summary>Searches a list by name: the account's own values, which include only those that were changed, or AWS's defaults.</summary>
    private static async Task<JsonElement?> FindByNameAsync(
        CloudContext cloud, string region, string list, string family, bool onDemand, CancellationToken cancellationToken)
    {
        var name = onDemand ? $"Running On-Demand {family} instances" : $"All {family} Spot Instance Requests";
        string? next = null;
        do
        {
            var page = await cloud.Json("servicequotas", region).CallAsync(
                $"ServiceQuotasV20190624.{list}", new { ServiceCode = Service, MaxResults = 100, NextToken = next }, cancellationToken);
            foreach (var quota in page.GetProperty("Quotas").EnumerateArray())
            {
                if (string.Equals(quota.GetProperty("QuotaName").GetString(), name, StringComparison.OrdinalIgnoreCase))
                {
                    return quota;
                }
            }

            next = page.TryGetProperty("NextToken", out var token) ? token.GetString() : null;
        }
        while (!string.IsNullOrEmpty(next));
        return null;
    }

    private static async Task<int> UsedAsync(
        CloudContext cloud, string region, string family, bool onDemand, CancellationToken cancellationToken)
    {
        var request = new DescribeInstancesRequest { Filters = [new Filter("instance-state-name", ["pending", "running"])] };
        var types = new List<string>();
        do
        {
            var page = await cloud.Ec2(region).DescribeInstancesAsync(request, cancellationToken);
            types.AddRange(page.Reservations.SelectMany(reservation => reservation.Instances)
                .Where(instance => (instance.InstanceLifecycle?.Value == "spot") != onDemand
                    && FamilyOf(instance.InstanceType.Value, onDemand) == family)
                .Select(instance => instance.InstanceType.Value));
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        if (types.Count == 0)
        {
            return 0;
        }

        var sizes = await new InstanceTypeCatalog(cloud.Time) { IncludeOnDemandOnly = onDemand }.GetAsync(
            cloud.Ec2(region), types, cancellationToken);
        return types.Sum(type => sizes.TryGetValue(type, out var size) ? size.VCpu : 0);
    }
}
