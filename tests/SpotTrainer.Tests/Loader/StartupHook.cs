using System.Reflection;

// The runtime looks for exactly this type, outside any namespace, in the file that DOTNET_STARTUP_HOOKS names. Tests use it to load
// assemblies into the shell's default context before the shell's own code runs, as an earlier Import-Module would.
#pragma warning disable MA0047, CA1050
internal static class StartupHook
{
    public static void Initialize()
    {
        foreach (var path in (Environment.GetEnvironmentVariable("SPOTTRAINER_TEST_PRELOAD") ?? string.Empty).Split(
            Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            Assembly.LoadFrom(path);
        }
    }
}
