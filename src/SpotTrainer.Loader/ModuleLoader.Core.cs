#if NET
using System.Reflection;
using System.Runtime.Loader;

namespace SpotTrainer.Loader;

/// <content>PowerShell 7: a load context of the module's own.</content>
public static partial class ModuleLoader
{
    private static ModuleLoadContext? context;

    /// <summary>Loads SpotTrainer.dll, the first time, from the folder in which this assembly lies.</summary>
    /// <returns>The module's assembly: the same one however often, and from whichever runspace, it is asked for.</returns>
    public static Assembly LoadModule()
    {
        lock (Gate)
        {
            context ??= new ModuleLoadContext(Folder);
            return context.LoadFromAssemblyName(new AssemblyName("SpotTrainer"));
        }
    }

    /// <summary>
    /// Holds SpotTrainer.dll and all that it needs apart from the session's other modules, so that another AWSSDK, SSH.NET or
    /// BouncyCastle in the session does no harm, and ours does none to it.
    /// </summary>
    private sealed class ModuleLoadContext(string folder) : AssemblyLoadContext("SpotTrainer", isCollectible: false)
    {
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            // The loader itself lives in the default context: a second copy here would have a second set of statics.
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
