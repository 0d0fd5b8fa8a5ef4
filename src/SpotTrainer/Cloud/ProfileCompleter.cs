using Amazon.Runtime.CredentialManagement;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>Completes the profiles of AWS's own tools.</summary>
public sealed class ProfileCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
        Chain().ListProfiles().Select(profile => profile.Name);

    /// <summary>The SDK remembers what the variable said when it was first asked.</summary>
    private static CredentialProfileStoreChain Chain() =>
        Environment.GetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE") is { Length: > 0 } file ? new CredentialProfileStoreChain(file) : new CredentialProfileStoreChain();
}
