using System.Management.Automation;
using SpotTrainer.Remote;

namespace SpotTrainer.Pipeline;

/// <summary>Lets go of what the process holds when the module is removed.</summary>
public sealed class ModuleCleanup : IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => SshConnectionPool.CloseAll(_ => true);
}
