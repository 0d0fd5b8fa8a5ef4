using System.Collections;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Conda;

/// <summary>Completes the versions of installers whose hashes the module knows.</summary>
public sealed class InstallerVersionCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() => CondaInstallers.Versions(CondaInstallers.Default);

    private protected override IEnumerable<string> Names(IDictionary given) =>
        CondaInstallers.Versions(given[nameof(InstallCondaStackCommand.Distribution)] as string ?? CondaInstallers.Default);
}
