namespace SpotTrainer.Instances;

/// <summary>Where the watchdog lives on a machine. <c>watchdog.sh</c> says what it does.</summary>
internal static class Watchdog
{
    /// <summary>The name of the script among the module's embedded ones.</summary>
    public const string Script = "watchdog.sh";

    /// <summary>The path of the script on the machine.</summary>
    public const string Path = "/usr/local/sbin/spottrainer-watchdog";
}
