using System.Text;
using System.Xml;
using System.Xml.Linq;
using Amazon.Runtime;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Asks IAM, without an SDK package (query protocol, version 2010-05-08).</summary>
/// <param name="credentials">The credentials that sign the calls.</param>
/// <param name="region">The region in signatures.</param>
/// <param name="url">The service's URL.</param>
/// <param name="time">This computer's clock.</param>
internal sealed class IamClient(AWSCredentials credentials, string region, string url, TimeProvider time)
{
    /// <summary>The name of the role with which EC2 launches an account's Spot instances.</summary>
    public const string SpotRole = "AWSServiceRoleForEC2Spot";

    /// <summary>Whether the account has the role with which EC2 launches Spot instances.</summary>
    /// <exception cref="SpotTrainerException">IAM refused the call.</exception>
    /// <exception cref="HttpRequestException">IAM could not be reached.</exception>
    /// <exception cref="ForeignAnswerException">The answer is not AWS's own.</exception>
    public async Task<bool> HasSpotRoleAsync(CancellationToken cancellationToken)
    {
        var answer = await AskAsync($"Action=GetRole&RoleName={SpotRole}", cancellationToken);
        return answer.Error switch
        {
            null => true,
            "NoSuchEntity" => false,
            _ => throw answer.Refusal(SpotRole),
        };
    }

    /// <summary>Returns the names of the account's instance profiles, at most 1,000 (IAM's limit for one answer).</summary>
    /// <exception cref="SpotTrainerException">IAM refused the call.</exception>
    /// <exception cref="HttpRequestException">IAM could not be reached.</exception>
    /// <exception cref="ForeignAnswerException">The answer is not AWS's own.</exception>
    public async Task<IReadOnlyList<string>> GetInstanceProfilesAsync(CancellationToken cancellationToken)
    {
        var answer = await AskAsync("Action=ListInstanceProfiles&MaxItems=1000", cancellationToken);
        return answer.Error is null ? [.. answer.Values("InstanceProfileName")] : throw answer.Refusal("instance profiles");
    }

    private async Task<Answer> AskAsync(string call, CancellationToken cancellationToken)
    {
        using var response = await SignedRequest.SendAsync(
            credentials, "iam", region, url, "application/x-www-form-urlencoded; charset=utf-8",
            Encoding.ASCII.GetBytes(call + "&Version=2010-05-08"), target: null, time, cancellationToken);
        var text = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
        try
        {
            return new Answer(response.StatusCode, response.IsSuccessStatusCode, XDocument.Parse(text));
        }
        catch (XmlException)
        {
            throw AwsErrors.Foreign("IAM", new ForeignAnswerException(response.StatusCode));
        }
    }

    private sealed class Answer(System.Net.HttpStatusCode status, bool isSuccess, XDocument document)
    {
        /// <summary>The error's code; null if the call succeeded.</summary>
        public string? Error => isSuccess ? null : Values("Code").FirstOrDefault() ?? string.Empty;

        public IEnumerable<string> Values(string name) =>
            document.Descendants().Where(element => element.Name.LocalName == name).Select(element => element.Value);

        public Exception Refusal(string what) => Error is { Length: > 0 } code
            ? AwsErrors.FromCode(code, Values("Message").FirstOrDefault() ?? string.Empty, what, inner: null)
            : AwsErrors.Foreign(what, new ForeignAnswerException(status));
    }
}
