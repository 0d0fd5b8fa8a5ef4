using System.Collections;
using Amazon.EC2;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>Completes names that only EC2 knows. It is asked for a moment; without an answer, there is nothing to complete.</summary>
public abstract class CloudNameCompleter : NameCompleter
{
    /// <summary>The user waits at the prompt meanwhile.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private protected sealed override IEnumerable<string> Names() => [];

    private protected sealed override IEnumerable<string> Names(IDictionary given)
    {
        try
        {
            var region = Text("Region");
            var cloud = CloudResolver.Resolve(Text("ProfileName"), region, Text("EndpointUrl"));
            using var limit = cloud.Time.Limit(Timeout, CancellationToken.None);
            return Task.Run(() => NamesAsync(cloud.Ec2(region), limit.Token)).GetAwaiter().GetResult();
        }
        catch (Exception)
        {
            // An error in the middle of a command line would only disturb.
            return [];
        }

        string? Text(string name) => given[name] switch
        {
            string text when !NamePattern.IsPattern(text) => text,
            object[] { Length: > 0 } list when list[0] is string text && !NamePattern.IsPattern(text) => text,
            _ => null,
        };
    }

    /// <summary>Asks a region for the names.</summary>
    private protected abstract Task<IEnumerable<string>> NamesAsync(IAmazonEC2 ec2, CancellationToken cancellationToken);
}
