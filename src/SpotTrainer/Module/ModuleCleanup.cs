using System.Management.Automation;
using SpotTrainer.Remote;

namespace SpotTrainer.Module;

/// <summary>
/// Lets go of what the process holds when the module is removed from the last runspace that has it: the others go on using the same connections.
/// </summary>
public sealed class ModuleCleanup : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    private static int imports;

    /// <inheritdoc/>
    public void OnImport()
    {
        ModuleSetup.Run();
        Interlocked.Increment(ref imports);
    }

    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        if (Interlocked.Decrement(ref imports) <= 0)
        {
            SshConnectionPool.CloseAll(_ => true);
        }
    }
}
