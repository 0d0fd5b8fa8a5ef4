using System.Reflection;
using SpotTrainer.Foundation;
#if NET
using System.Runtime.Loader;
#endif

namespace SpotTrainer.Rehearsal;

/// <summary>Loads SpotTrainer.Rehearsal.dll when a rehearsal is first asked for: nobody else pays for it.</summary>
internal static class RehearsalLoader
{
    /// <summary>Gives its factory.</summary>
    public static IRehearsalFactory Load()
    {
#if NET
        if (OperatingSystem.IsLinux())
        {
            var self = typeof(RehearsalLoader).Assembly;
            var assembly = AssemblyLoadContext.GetLoadContext(self)!.LoadFromAssemblyName(new AssemblyName("SpotTrainer.Rehearsal"));
            return (IRehearsalFactory)Activator.CreateInstance(assembly.GetType("SpotTrainer.Rehearsal.Hosting.RehearsalFactory", throwOnError: true)!)!;
        }
#endif
        throw new SpotTrainerException("RehearsalNeedsLinux", ErrorKind.InvalidOperation, "A rehearsal needs Linux and PowerShell 7.4 or later.",
            "Run it inside WSL: wsl -- pwsh -Command \"Import-Module SpotTrainer; Start-SpotRehearsal -InstallMissing\".");
    }
}
