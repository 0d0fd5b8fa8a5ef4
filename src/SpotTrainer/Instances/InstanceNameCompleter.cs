using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Completes the names of the instances that the ledger on this computer knows, without asking EC2.</summary>
public sealed class InstanceNameCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
        InstanceLedger.Read(Path.GetDirectoryName(CloudResolver.KeyFolder(CloudResolver.FindRehearsal(profileName: null, endpointUrl: null)))!)
            .OrderByDescending(entry => entry.Launched).Select(entry => entry.Name).Where(name => name.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase);
}
