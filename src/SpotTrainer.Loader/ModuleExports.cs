using System.Collections;
using System.Reflection;

namespace SpotTrainer.Loader;

/// <summary>
/// Mends what the engine forgets: an assembly that the process has imported before comes from its cache, and the cmdlets are then not
/// added to the exports of the module that imports it. A second import, or another runspace, would have no commands.
/// </summary>
public static class ModuleExports
{
    /// <summary>Adds the cmdlets of the inner module to the outer one's exports, where they are missing.</summary>
    /// <param name="outer">The PSModuleInfo of the script module.</param>
    /// <param name="inner">The PSModuleInfo of the assembly.</param>
    public static void Add(object outer, object inner)
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
