using System.Text.Json;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>Service Quotas calls that read EC2's vCPU quotas.</summary>
internal static class QuotaService
{
    /// <summary>The prefix of the service's targets.</summary>
    public const string Prefix = "ServiceQuotasV20190624.";

    private const string ServiceCode = "ec2";
    private const int MaxResults = 100;

    /// <summary>Handles a call and returns the response, which the caller writes as JSON.</summary>
    public static object Answer(string target, JsonElement body, string region, string account, Conditions conditions)
    {
        if (JsonService.Text(body, "ServiceCode") != ServiceCode)
        {
            throw NoSuchResource();
        }

        switch (target[Prefix.Length..])
        {
            case "GetServiceQuota":
                var quota = Find(body);
                return new { Quota = Write(
                    quota, conditions.Quotas.TryGetValue(quota.Code, out var value) ? value : throw NoSuchResource(), region, account) };
            case "GetAWSDefaultServiceQuota":
                var known = Find(body);
                return new { Quota = Write(known, known.Default, region, account) };
            case "ListServiceQuotas":
                // As on AWS, the list has only the quotas for which the account has its own value.
                return List(conditions.Quotas);
            case "ListAWSDefaultServiceQuotas":
                return List(VCpuQuota.All.ToDictionary(entry => entry.Code, entry => entry.Default, StringComparer.Ordinal));
            default:
                throw new AwsException("UnknownOperationException", $"The operation {target} is unknown.");
        }

        object List(IReadOnlyDictionary<string, int> values)
        {
            var (page, next) = JsonService.Page(body, VCpuQuota.All.Where(entry => values.ContainsKey(entry.Code)), MaxResults);
            return new { Quotas = page.Select(entry => Write(entry, values[entry.Code], region, account)).ToArray(), NextToken = next };
        }
    }

    private static VCpuQuota Find(JsonElement body)
    {
        var code = JsonService.Text(body, "QuotaCode");
        return VCpuQuota.All.FirstOrDefault(quota => quota.Code == code) ?? throw NoSuchResource();
    }

    private static AwsException NoSuchResource() =>
        new("NoSuchResourceException", "The request failed because the specified service does not exist.");

    private static object Write(VCpuQuota quota, int value, string region, string account) => new
    {
        ServiceCode,
        ServiceName = "Amazon Elastic Compute Cloud (Amazon EC2)",
        QuotaArn = $"arn:aws:servicequotas:{region}:{account}:{ServiceCode}/{quota.Code}",
        QuotaCode = quota.Code,
        QuotaName = quota.Name,
        Value = (double)value,
        Unit = "None",
        Adjustable = true,
        GlobalQuota = false,
    };
}
