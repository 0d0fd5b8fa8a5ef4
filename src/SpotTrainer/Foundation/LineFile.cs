using System.Text;

namespace SpotTrainer.Foundation;

/// <summary>A private file to which several processes append lines.</summary>
internal static class LineFile
{
    /// <summary>How long to wait while another process uses the file.</summary>
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Opens the file. A writer opens it exclusively: if two .NET streams append at the same time, one overwrites the other's lines. If a
    /// process is killed, the system closes the file.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Whether to open it for writing, and create it if it does not exist.</param>
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

    /// <summary>Returns a reader of an open file's lines, from its start. The file stays open.</summary>
    public static StreamReader Read(FileStream stream)
    {
        stream.Seek(0, SeekOrigin.Begin);
        return new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, bufferSize: 4096, leaveOpen: true);
    }

    /// <summary>Appends lines to an open file. Half a line from a killed process does not spoil them.</summary>
    public static void Append(FileStream stream, IReadOnlyCollection<string> lines)
    {
        if (lines.Count > 0)
        {
            var bytes = Encoding.UTF8.GetBytes((EndsInHalfALine(stream) ? "\n" : string.Empty) + string.Concat(lines.Select(line => line + "\n")));
            stream.Seek(0, SeekOrigin.End);
            stream.Write(bytes, 0, bytes.Length);
        }
    }

    private static bool EndsInHalfALine(FileStream stream)
    {
        if (stream.Length == 0)
        {
            return false;
        }

        stream.Seek(-1, SeekOrigin.End);
        return stream.ReadByte() != '\n';
    }

    /// <summary>Such files are read and written on threads that cannot await, such as a completer's.</summary>
    private static void Pause() => TimeProvider.System.DelayAsync(Poll, CancellationToken.None).GetAwaiter().GetResult();
}
