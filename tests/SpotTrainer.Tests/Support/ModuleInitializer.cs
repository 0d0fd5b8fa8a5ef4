using System.Runtime.CompilerServices;
using SpotTrainer.Module;

namespace SpotTrainer.Tests.Support;

/// <summary>Connects the rooms for tests that call the work classes themselves, as the import does for a user.</summary>
internal static class ModuleInitializer
{
    [ModuleInitializer]
    internal static void Run() => ModuleSetup.Run();
}
