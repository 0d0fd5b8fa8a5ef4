namespace SpotTrainer.Instances;

/// <summary>Where the watchdog is on an instance. <c>watchdog.sh</c> describes what it does.</summary>
internal static class Watchdog
{
    /// <summary>The name of the embedded script.</summary>
    public const string Script = "watchdog.sh";

    /// <summary>The path of the script on the instance.</summary>
    public const string Path = "/usr/local/sbin/spottrainer-watchdog";
}
