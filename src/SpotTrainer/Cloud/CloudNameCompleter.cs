using System.Collections;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>Completes names that only AWS knows. It is asked for a moment; without an answer, there is nothing to complete.</summary>
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
            return Task.Run(() => NamesAsync(cloud, limit.Token)).GetAwaiter().GetResult();
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

    /// <summary>Asks AWS for the names, in the cloud's own region.</summary>
    private protected abstract Task<IEnumerable<string>> NamesAsync(CloudContext cloud, CancellationToken cancellationToken);
}
