using System.Reflection;

namespace SpotTrainer.Tests.Support;

/// <summary>Paths from the build, which MSBuild writes to the assembly's metadata.</summary>
internal static class BuildFacts
{
    /// <summary>The root of the repository.</summary>
    public static string Root => Get(nameof(Root));

    /// <summary>The packaged module's folder.</summary>
    public static string Package => Get(nameof(Package));

    /// <summary>The path of the shell.</summary>
    public static string Shell => Get(nameof(Shell));

    /// <summary>An AWSSDK.Core older than the module's.</summary>
    public static string OlderAwsCore => Get(nameof(OlderAwsCore));

    /// <summary>The reference assemblies of .NET Framework 4.7.2.</summary>
    public static string FrameworkReferences => Get(nameof(FrameworkReferences));

    /// <summary>Pester's manifest.</summary>
    public static string Pester => Get(nameof(Pester));

    /// <summary>The folder of the tests that are written in PowerShell.</summary>
    public static string PesterTests => Get(nameof(PesterTests));

    public static string Manifest => Path.Combine(Package, "SpotTrainer.psd1");

    private static string Get(string key) =>
        typeof(BuildFacts).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(fact => string.Equals(fact.Key, key, StringComparison.Ordinal)).Value!;
}
