using SpotTrainer.Cloud;

namespace SpotTrainer.Launch;

/// <summary>Completes the names of the account's IAM instance profiles.</summary>
public sealed class InstanceProfileCompleter : CloudNameCompleter
{
    private protected override async Task<IEnumerable<string>> NamesAsync(CloudContext cloud, CancellationToken cancellationToken) =>
        await cloud.GetInstanceProfilesAsync(cancellationToken);
}
