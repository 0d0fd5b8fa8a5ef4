#if NET
using System.Reflection;
using System.Runtime.Loader;
#endif
using SpotTrainer.Foundation;

namespace SpotTrainer.Rehearsal;

/// <summary>Loads SpotTrainer.Rehearsal.dll when the first rehearsal starts, so that it costs other users nothing.</summary>
internal static class RehearsalLoader
{
    /// <summary>Returns its factory.</summary>
    public static IRehearsalFactory Load()
    {
#if NET
        if (OperatingSystem.IsLinux())
        {
            var self = typeof(RehearsalLoader).Assembly;
            var assembly = AssemblyLoadContext.GetLoadContext(self)!.LoadFromAssemblyName(new AssemblyName("SpotTrainer.Rehearsal"));
            return (IRehearsalFactory)Activator.CreateInstance(
                assembly.GetType("SpotTrainer.Rehearsal.Hosting.RehearsalFactory", throwOnError: true)!)!;
        }
#endif
        throw new SpotTrainerException("RehearsalNeedsLinux", ErrorKind.InvalidOperation,
            "A rehearsal requires Linux and PowerShell 7.4 or later.",
            "On Windows, run it in WSL, with PowerShell and the module installed there: "
            + "wsl -- pwsh -Command \"Import-Module SpotTrainer; Start-SpotRehearsal -InstallMissing -Wait\". "
            + "On macOS, use a Linux virtual machine.");
    }
}
