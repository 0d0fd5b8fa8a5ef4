using System.Text;

namespace SpotTrainer.Foundation;

/// <summary>A private file to which several processes append lines (<see cref="SharedFile"/> opens it).</summary>
internal static class LineFile
{
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
}
