using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Completes the IDs of instances from the ledger on this computer, the latest first, without asking EC2.</summary>
public sealed class InstanceIdCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() => InstanceLedger.Read(CloudResolver.CurrentStateFolder())
        .OrderByDescending(entry => entry.Launched).Select(entry => entry.InstanceId);
}
