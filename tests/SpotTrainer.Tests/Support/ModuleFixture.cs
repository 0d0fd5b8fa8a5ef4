using SpotTrainer.Module;
using SpotTrainer.Tests.Support;

[assembly: AssemblyFixture(typeof(ModuleFixture))]

namespace SpotTrainer.Tests.Support;

/// <summary>Connects the rooms before the first test, as the import does for a user: some tests call the work classes themselves.</summary>
public sealed class ModuleFixture
{
    public ModuleFixture() => ModuleSetup.Run();
}
