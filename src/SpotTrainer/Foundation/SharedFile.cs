namespace SpotTrainer.Foundation;

/// <summary>Opens files that several processes change.</summary>
internal static class SharedFile
{
    /// <summary>How long to wait while another process uses the file.</summary>
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Opens a file. A writer opens it exclusively: if two .NET streams write at the same time, one overwrites what the other has written.
    /// If a process is killed, the system closes the file.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Whether to open it for writing, and create it if it does not exist.</param>
    /// <exception cref="IOException">Another process uses it for too long, or it does not exist.</exception>
    public static FileStream Open(string path, bool write)
    {
        for (var elapsed = TimeProvider.System.StartClock(); ; Pause())
        {
            try
            {
                if (write && !File.Exists(path))
                {
                    PrivateFile.Write(path, [], overwrite: false);
                }

                return new FileStream(
                    path, FileMode.Open, write ? FileAccess.ReadWrite : FileAccess.Read, write ? FileShare.None : FileShare.Read);
            }
            catch (IOException) when (elapsed() < BusyTimeout)
            {
                // Another process has it open, or created it first.
            }
        }
    }

    /// <summary>Files are also read and written on threads that cannot await, such as a completer's.</summary>
    private static void Pause() => TimeProvider.System.DelayAsync(Poll, CancellationToken.None).GetAwaiter().GetResult();
}
