namespace SpotTrainer.Remote;

/// <summary>Files on a host that name a process. After a reboot, another process may have the same number.</summary>
internal static class ProcessFile
{
    /// <summary>
    /// Shell functions to put before a POSIX script. <c>note_process PID</c> prints a process's number, its boot, and its start time (field 22
    /// of proc(5)'s stat). <c>process_of FILE</c> prints the number if that very process still runs, and fails otherwise.
    /// </summary>
    public const string Functions = """
        note_process() {
            echo "$1 $(cat /proc/sys/kernel/random/boot_id) $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20)"
        }
        process_of() {
            { read -r noted_pid noted_boot noted_start < "$1"; } 2>/dev/null || return 1
            case $noted_pid in '' | *[!0-9]*) return 1 ;; esac
            [ -n "$noted_start" ] && [ "$(note_process "$noted_pid")" = "$noted_pid $noted_boot $noted_start" ] && echo "$noted_pid"
        }

        """;
}
