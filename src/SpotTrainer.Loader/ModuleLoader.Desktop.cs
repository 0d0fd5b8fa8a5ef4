#if NETFRAMEWORK
using System.Diagnostics;
using System.Reflection;

namespace SpotTrainer.Loader;

/// <content>
/// Windows PowerShell has one load context and does not read a module's binding redirects. This resolves the module's own requests,
/// and only those, to the files that the module ships.
/// </content>
public static partial class ModuleLoader
{
    private static Assembly? module;

    /// <summary>Registers the handler and loads SpotTrainer.dll on the first call.</summary>
    /// <returns>The module's assembly.</returns>
    public static Assembly LoadModule()
    {
        lock (Gate)
        {
            if (module is null)
            {
                AppDomain.CurrentDomain.AssemblyResolve += Resolve;
                module = Assembly.LoadFrom(Path.Combine(Folder, "SpotTrainer.dll"));
            }

            return module;
        }
    }

    /// <summary>
    /// Finds assemblies that another module loaded first with the same identity as one of our files. The runtime then uses theirs.
    /// </summary>
    /// <returns>One message for each, with both file versions.</returns>
    public static string[] FindConflicts()
    {
        var conflicts = new List<string>();
        foreach (var loaded in AppDomain.CurrentDomain.GetAssemblies())
        {
            if (loaded.IsDynamic || string.IsNullOrEmpty(loaded.Location) || IsOurs(loaded))
            {
                continue;
            }

            var ours = Path.Combine(Folder, loaded.GetName().Name + ".dll");
            if (!File.Exists(ours)
                || !string.Equals(AssemblyName.GetAssemblyName(ours).FullName, loaded.FullName, StringComparison.Ordinal))
            {
                continue;
            }

            var theirVersion = FileVersionInfo.GetVersionInfo(loaded.Location).FileVersion;
            var ourVersion = FileVersionInfo.GetVersionInfo(ours).FileVersion;
            if (!string.Equals(theirVersion, ourVersion, StringComparison.Ordinal))
            {
                conflicts.Add($"{loaded.GetName().Name} {theirVersion} is already loaded from {loaded.Location}, "
                    + $"but SpotTrainer was built with {ourVersion}. "
                    + "If a command fails, start a new session and import SpotTrainer first.");
            }
        }

        return conflicts.ToArray();
    }

    private static Assembly? Resolve(object sender, ResolveEventArgs args)
    {
        // Leave requests from other modules alone, and also those of unknown origin.
        if (args.RequestingAssembly is null || !IsOurs(args.RequestingAssembly))
        {
            return null;
        }

        var path = Path.Combine(Folder, new AssemblyName(args.Name).Name + ".dll");
        return File.Exists(path) ? Assembly.LoadFrom(path) : null;
    }

    private static bool IsOurs(Assembly assembly) =>
        !assembly.IsDynamic && !string.IsNullOrEmpty(assembly.Location)
        && string.Equals(Path.GetDirectoryName(assembly.Location), Folder, StringComparison.OrdinalIgnoreCase);
}
#endif
