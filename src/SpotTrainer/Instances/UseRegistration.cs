namespace SpotTrainer.Instances;

/// <summary>Registers processes with the watchdog of their machine. <c>watchdog.sh</c> documents the arguments.</summary>
internal static class UseRegistration
{
    /// <summary>
    /// Shell functions to put before a POSIX script: <c>register_use NAME PID WHAT BUSY NOTICE DEADLINE</c> and <c>forget_use NAME PID</c>.
    /// On a machine without a watchdog, they do nothing. They never fail.
    /// </summary>
    public const string Functions = $$"""
        register_use() { [ ! -x {{Watchdog.Path}} ] || {{Watchdog.Path}} register "$@" 2>/dev/null || :; }
        forget_use() { [ ! -x {{Watchdog.Path}} ] || {{Watchdog.Path}} forget "$@" 2>/dev/null || :; }

        """;
}
