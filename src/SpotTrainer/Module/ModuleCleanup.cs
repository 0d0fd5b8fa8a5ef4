using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Module;

/// <summary>Connects the rooms when the module is imported, and ends the runspace's session when the module is removed.</summary>
public sealed class ModuleCleanup : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnImport() => ModuleSetup.Run();

    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => RunspaceSession.End();
}
