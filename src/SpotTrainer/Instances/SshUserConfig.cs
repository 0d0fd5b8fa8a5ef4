using System.Text;
using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>
/// The user's own configuration of ssh (ssh_config(5)). Nothing is changed in it but one line, which includes the module's file. It has to
/// be the first: after a line with Host or Match, it would belong to that, and of two values for a host, ssh takes the first.
/// </summary>
/// <param name="path">The file.</param>
internal sealed class SshUserConfig(string path)
{
    /// <summary>The folder of the module's files beside the user's. ssh looks for it there.</summary>
    public const string Folder = "spottrainer";

    private const string Line = "Include " + Folder + "/config";
    private const string AddIt = "Make it writable and try again, or add '" + Line + "' as its first line yourself.";
    private const string RemoveIt = "Make it writable and try again, or remove the line '" + Line + "' yourself first.";
    private static readonly byte[] Mark = [0xEF, 0xBB, 0xBF];

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>Whether the line is there, so that it holds for every host.</summary>
    public bool IsIncluded => Lines(Read()).TakeWhile(line => Words(line.Text) is not ["host" or "match", ..]).Any(IsOurs);

    /// <summary>Adds the line, unless it is there.</summary>
    /// <exception cref="SpotTrainerException"><c>SshConfigEncoding</c>, <c>AccessDenied</c>.</exception>
    public void Include()
    {
        if (!IsIncluded)
        {
            var content = Read();
            var start = StartOf(content);
            var end = Lines(content).FirstOrDefault() is { End: > 1 } first && content[first.End - 2] == '\r' ? "\r\n" : "\n";
            Write([.. content.Take(start), .. Encoding.ASCII.GetBytes(Line + end), .. content.Skip(start)], AddIt);
        }
    }

    /// <summary>Removes the line. A file that is empty then is deleted.</summary>
    /// <exception cref="SpotTrainerException"><c>SshConfigEncoding</c>, <c>AccessDenied</c>.</exception>
    public void Exclude()
    {
        var content = Read();
        var kept = Lines(content).Where(line => !IsOurs(line)).SelectMany(line => content.Skip(line.Start).Take(line.End - line.Start)).ToArray();
        if (kept.Length == 0 && content.Length > 0 && StartOf(content) == 0)
        {
            ThrowIfReadOnly(path, RemoveIt);
            File.Delete(path);
        }
        else if (kept.Length + StartOf(content) < content.Length)
        {
            Write([.. content.Take(StartOf(content)), .. kept], RemoveIt);
        }
    }

    /// <summary>
    /// Returns the names of the user's own hosts: a block of the module for one of them would take its place. A block without HostName
    /// adds options to a host of the module.
    /// </summary>
    public IReadOnlyCollection<string> HostNames()
    {
        var (found, current) = (new HashSet<string>(StringComparer.OrdinalIgnoreCase), Array.Empty<string>());
        foreach (var words in Lines(Read()).Select(line => Words(line.Text)))
        {
            current = words is ["host", ..] ? [.. words.Skip(1)] : words is ["match", ..] ? [] : current;
            if (words is ["hostname", ..])
            {
                found.UnionWith(current);
            }
        }

        return found;
    }

    private static bool IsOurs((int Start, int End, string Text) line) => line.Text.Trim() == Line;

    /// <summary>Returns the words of a line: the keyword in lower case, and its arguments without quotes.</summary>
    private static string[] Words(string line)
    {
        var words = line.Split([' ', '\t', '=', '"', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 0 ? words : [words[0].ToLowerInvariant(), .. words.Skip(1)];
    }

    /// <summary>Returns the lines, each with its end.</summary>
    private static IEnumerable<(int Start, int End, string Text)> Lines(byte[] content)
    {
        for (int start = StartOf(content), end; start < content.Length; start = end)
        {
            end = Array.IndexOf(content, (byte)'\n', start) is var found and >= 0 ? found + 1 : content.Length;
            yield return (start, end, Encoding.UTF8.GetString(content, start, end - start));
        }
    }

    private static int StartOf(byte[] content) => content.Take(Mark.Length).SequenceEqual(Mark) ? Mark.Length : 0;

    private byte[] Read()
    {
        byte[] content = File.Exists(path) ? File.ReadAllBytes(path) : [];
        return content is not ([0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]) ? content : throw new SpotTrainerException(
            "SshConfigEncoding", ErrorKind.InvalidData, $"{path} is in UTF-16, which ssh cannot read. It was not changed.",
            "Save it as UTF-8 without a byte order mark, and try again.", path);
    }

    private void Write(byte[] content, string nextStep)
    {
        var target = TargetOf(path);
        ThrowIfReadOnly(target, nextStep);
        if (!File.Exists(target))
        {
            PrivateFile.Write(target, content, overwrite: false);
            return;
        }

        var temporary = target + "." + System.IO.Path.GetRandomFileName();
        try
        {
            PrivateFile.Write(temporary, content, overwrite: false);
#if NET
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
                File.Move(temporary, target, overwrite: true);
                return;
            }
#endif
            // Keeps the access list of the file.
            File.Replace(temporary, target, destinationBackupFileName: null);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw Denied(nextStep, exception);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>A new file could take the place of one that its owner has protected.</summary>
    private void ThrowIfReadOnly(string target, string nextStep)
    {
        if (File.Exists(target) && new FileInfo(target).IsReadOnly)
        {
            throw Denied(nextStep, inner: null);
        }
    }

    private SpotTrainerException Denied(string nextStep, Exception? inner) => new(
        "AccessDenied", ErrorKind.PermissionDenied, $"{path} cannot be written, so it was not changed.", nextStep, path, inner);

    /// <summary>Returns the file that a link leads to: the link itself stays.</summary>
    private static string TargetOf(string path) =>
#if NET
        new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
#else
        path;
#endif
}
