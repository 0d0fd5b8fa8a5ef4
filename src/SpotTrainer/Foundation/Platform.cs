#if NET
using System.Runtime.Versioning;
#endif

namespace SpotTrainer.Foundation;

/// <summary>The operating system. The .NET Framework build runs on Windows only.</summary>
internal static class Platform
{
#if NET
    [SupportedOSPlatformGuard("windows")]
    public static bool IsWindows => OperatingSystem.IsWindows();

    public static bool IsMacOS => OperatingSystem.IsMacOS();

    public static bool IsLinux => OperatingSystem.IsLinux();
#else
    public static bool IsWindows => true;

    public static bool IsMacOS => false;

    public static bool IsLinux => false;
#endif

    /// <summary>Whether a user can answer questions: not in a scheduled job, and not if standard input is a file or a pipe.</summary>
    public static bool IsInteractive => Environment.UserInteractive && !Console.IsInputRedirected
        && !Environment.GetCommandLineArgs().Any(argument => argument.StartsWith("-noni", StringComparison.OrdinalIgnoreCase));
}
