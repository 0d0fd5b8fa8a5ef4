using System.Text;
using System.Xml.Linq;
using Amazon.Runtime;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Asks IAM (query protocol, version 2010-05-08) for the role with which EC2 launches an account's Spot instances.</summary>
internal static class SpotServiceRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "AWSServiceRoleForEC2Spot";

    /// <summary>Whether the account has the role.</summary>
    /// <exception cref="SpotTrainerException">IAM refused the call.</exception>
    /// <exception cref="HttpRequestException">IAM could not be reached.</exception>
    /// <exception cref="ForeignAnswerException">The answer is not AWS's own.</exception>
    public static async Task<bool> ExistsAsync(
        AWSCredentials credentials, string region, string url, TimeProvider time, CancellationToken cancellationToken)
    {
        var content = Encoding.ASCII.GetBytes($"Action=GetRole&RoleName={Name}&Version=2010-05-08");
        using var response = await SignedRequest.SendAsync(
            credentials, "iam", region, url, "application/x-www-form-urlencoded; charset=utf-8", content, target: null, time,
            cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return true;
        }

        var (code, text) = Error(Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync()));
        return code switch
        {
            "NoSuchEntity" => false,
            "" => throw AwsErrors.Foreign(response.StatusCode, Name, inner: null),
            _ => throw AwsErrors.FromCode(code, text, Name, inner: null),
        };
    }

    private static (string Code, string Text) Error(string answer)
    {
        try
        {
            var error = XDocument.Parse(answer).Descendants().First(element => element.Name.LocalName == "Error");
            return (Value("Code"), Value("Message"));

            string Value(string name) => error.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value ?? string.Empty;
        }
        catch (Exception exception) when (exception is System.Xml.XmlException or InvalidOperationException)
        {
            return (string.Empty, string.Empty);
        }
    }
}
