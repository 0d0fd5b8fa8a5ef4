using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.KeyPairs;

/// <summary>Completes the names of the key pairs on this computer.</summary>
public sealed class KeyNameCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
        new KeyPairFolder(CloudResolver.KeyFolder(CloudResolver.FindRehearsal(profileName: null, endpointUrl: null))).Names();
}
