#if NET
using System.Reflection;
using System.Runtime.Loader;

namespace SpotTrainer.Loader;

/// <content>PowerShell 7: the module's own load context.</content>
public static partial class ModuleLoader
{
    private static ModuleLoadContext? context;

    /// <summary>Loads SpotTrainer.dll from this assembly's folder on the first call.</summary>
    /// <returns>The module's assembly, the same one on every call and from every runspace.</returns>
    public static Assembly LoadModule()
    {
        lock (Gate)
        {
            context ??= new ModuleLoadContext(Folder);
            return context.LoadFromAssemblyName(new AssemblyName("SpotTrainer"));
        }
    }

    /// <summary>
    /// Isolates SpotTrainer.dll and its dependencies from the session's other modules. Another AWSSDK, SSH.NET or BouncyCastle in the
    /// session then does not affect ours, and ours does not affect it.
    /// </summary>
    private sealed class ModuleLoadContext(string folder) : AssemblyLoadContext("SpotTrainer", isCollectible: false)
    {
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            // The loader itself is in the default context. A second copy here would have its own static fields.
            if (string.Equals(assemblyName.Name, typeof(ModuleLoader).Assembly.GetName().Name, StringComparison.Ordinal))
            {
                return typeof(ModuleLoader).Assembly;
            }

            var path = Path.Combine(folder, assemblyName.Name + ".dll");
            return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
        }
    }
}
#endif
