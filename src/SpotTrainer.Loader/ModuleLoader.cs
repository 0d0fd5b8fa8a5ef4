using System.Collections;
using System.Reflection;

namespace SpotTrainer.Loader;

/// <summary>
/// What SpotTrainer.psm1 calls, under one name for both PowerShells: a type that only one of them has would make the engine search every
/// assembly for it at each import.
/// </summary>
public static partial class ModuleLoader
{
    private static readonly object Gate = new();

    private static string Folder => Path.GetDirectoryName(typeof(ModuleLoader).Assembly.Location)!;

    /// <summary>
    /// Adds the cmdlets of the inner module to the outer one's exports, where they are missing: an assembly that the process has imported
    /// before comes from the engine's cache, which forgets this. A second import, or another runspace, would have no commands.
    /// </summary>
    /// <param name="outer">The PSModuleInfo of the script module.</param>
    /// <param name="inner">The PSModuleInfo of the assembly.</param>
    public static void Export(object outer, object inner)
    {
        // By reflection: the method is internal, and this assembly has no reference to PowerShell, so that it fits every version.
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
