using System.Collections;
using System.Reflection;

namespace SpotTrainer.Loader;

/// <summary>
/// The entry point for SpotTrainer.psm1, with the same name in both PowerShells. If only one of them had the type, the engine would search
/// every assembly for it at each import.
/// </summary>
public static partial class ModuleLoader
{
    private static readonly object Gate = new();

    private static string Folder => Path.GetDirectoryName(typeof(ModuleLoader).Assembly.Location)!;

    /// <summary>
    /// Adds the inner module's cmdlets to the outer module's exports if they are missing. If the process has imported the assembly before,
    /// it comes from the engine's cache, which does not keep the exports. A second import, or another runspace, would have no commands.
    /// </summary>
    /// <param name="outer">The PSModuleInfo of the script module.</param>
    /// <param name="inner">The PSModuleInfo of the assembly.</param>
    public static void Export(object outer, object inner)
    {
        // By reflection: the method is internal, and this assembly does not reference PowerShell because it must work with every version.
        var exported = outer.GetType().GetProperty("ExportedCmdlets");
        var add = outer.GetType().GetMethod("AddExportedCmdlet", BindingFlags.Instance | BindingFlags.NonPublic);
        if (exported is null || add is null || ((ICollection)exported.GetValue(outer)!).Count > 0)
        {
            return;
        }

        foreach (var command in ((IDictionary)exported.GetValue(inner)!).Values)
        {
            add.Invoke(outer, [command]);
        }
    }
}
