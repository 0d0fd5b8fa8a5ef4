using Amazon.Runtime.CredentialManagement;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>Completes the names of AWS profiles.</summary>
public sealed class ProfileCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
        Chain().ListProfiles().Select(profile => profile.Name);

    /// <summary>Passes the variable's current value, because the SDK remembers only the first one.</summary>
    private static CredentialProfileStoreChain Chain() =>
        Environment.GetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE") is { Length: > 0 } file
            ? new CredentialProfileStoreChain(file)
            : new CredentialProfileStoreChain();
}
