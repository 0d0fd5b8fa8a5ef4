#if NET
using System.Runtime.Versioning;
#endif

namespace SpotTrainer.Foundation;

/// <summary>Which system this is. What is built for the .NET Framework runs on Windows alone.</summary>
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

    /// <summary>Whether somebody is there who can answer a question: not in a scheduled job, nor where standard input is a file or a pipe.</summary>
    public static bool IsInteractive => Environment.UserInteractive && !Console.IsInputRedirected
        && !Environment.GetCommandLineArgs().Any(argument => argument.StartsWith("-noni", StringComparison.OrdinalIgnoreCase));
}
