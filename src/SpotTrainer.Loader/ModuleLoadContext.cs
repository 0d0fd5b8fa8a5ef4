#if NET
using System.Reflection;
using System.Runtime.Loader;

namespace SpotTrainer.Loader;

/// <summary>
/// Holds SpotTrainer.dll and all that it needs apart from the session's other modules, so that another AWSSDK, SSH.NET or
/// BouncyCastle in the session does no harm, and ours does none to it.
/// </summary>
public sealed class ModuleLoadContext : AssemblyLoadContext
{
    private static readonly object Gate = new();
    private static ModuleLoadContext? instance;

    private readonly string folder;

    private ModuleLoadContext(string folder)
        : base("SpotTrainer", isCollectible: false) => this.folder = folder;

    /// <summary>Loads SpotTrainer.dll, the first time, from the folder in which this assembly lies.</summary>
    /// <returns>The module's assembly: the same one however often, and from whichever runspace, it is asked for.</returns>
    public static Assembly LoadModule()
    {
        lock (Gate)
        {
            instance ??= new ModuleLoadContext(Path.GetDirectoryName(typeof(ModuleLoadContext).Assembly.Location)!);
            return instance.LoadFromAssemblyName(new AssemblyName("SpotTrainer"));
        }
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // The loader itself lives in the default context: a second copy here would have a second set of statics.
        if (string.Equals(assemblyName.Name, typeof(ModuleLoadContext).Assembly.GetName().Name, StringComparison.Ordinal))
        {
            return typeof(ModuleLoadContext).Assembly;
        }

        var path = Path.Combine(folder, assemblyName.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }
}
#endif
