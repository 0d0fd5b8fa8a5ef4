using System.Globalization;
using System.Text;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>
/// What a job has written, as its host lists it: the files to fetch, and what cannot be fetched. The host chose the names, so they are
/// checked.
/// </summary>
internal sealed class ResultList
{
    /// <summary>More than the names of a million files.</summary>
    private const int MostBytes = 256 * 1024 * 1024;

    private const int MostError = 64 * 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<ResultFile> files = [];
    private readonly HashSet<string> folderLinks = new(StringComparer.Ordinal);
    private readonly List<LeftOut> problems = [];

    /// <summary>Links to files or folders. It depends on where they lead whether they are results.</summary>
    private readonly List<(ResultFile Link, bool ToFolder)> links = [];

    /// <summary>Reads a list.</summary>
    /// <param name="list">What the host printed. <c>job_files.sh</c> documents the format.</param>
    internal ResultList(byte[] list)
    {
        for (var (at, end) = (0, 0); (end = Array.IndexOf(list, (byte)0, at)) >= 0; at = end + 1)
        {
            Add(new ArraySegment<byte>(list, at, end - at));
        }
    }

    /// <summary>The files to fetch.</summary>
    public IReadOnlyList<ResultFile> Files => files;

    /// <summary>The links to folders inside. What is in these folders comes from them, so nothing is lost without these links.</summary>
    public HashSet<string> FolderLinks => folderLinks;

    /// <summary>What cannot be fetched.</summary>
    public IReadOnlyList<LeftOut> Problems => problems;

    /// <summary>Asks the host of a job what the job has written.</summary>
    public static async Task<ResultList> ReadAsync(SshConnection connection, TrainingJob job, CancellationToken cancellationToken)
    {
        var command = JobFiles.List(job.Folder, job.Id);
        using var output = new MemoryStream();
        var error = new CappedText(MostError);
        var end = await connection.ExecuteAsync(
            new RemoteCommand(command) { Title = "the list of results" },
            (stream, bytes) =>
            {
                if (stream == TrainingCommandStream.Error)
                {
                    error.Add(bytes);
                }
                else if (output.Length + bytes.Count > MostBytes)
                {
                    throw RemoteErrors.Flooded();
                }
                else
                {
                    output.Write(bytes.Array!, bytes.Offset, bytes.Count);
                }

                return Task.CompletedTask;
            }, cancellationToken);
        if (end.ExitCode != 0)
        {
            throw RemoteErrors.CommandFailed(
                connection.Host, $"Listing the results of {job.Notebook}",
                new TrainingCommandResult(connection.Host, command, end, string.Empty, error.ToString(), TimeSpan.Zero));
        }

        var list = new ResultList(output.ToArray());
        await list.FollowAsync(connection, job, cancellationToken);
        return list;
    }

    /// <summary>Adds a record.</summary>
    private void Add(ArraySegment<byte> record)
    {
        var (begin, fields) = (record.Offset, new string[4]);
        for (var i = 0; i < fields.Length; i++)
        {
            var end = Array.IndexOf(record.Array!, (byte)' ', begin, record.Offset + record.Count - begin);
            if (end < 0)
            {
                throw Damaged();
            }

            fields[i] = Encoding.ASCII.GetString(record.Array!, begin, end - begin);
            begin = end + 1;
        }

        var kind = fields[0];
        if (kind.Length != 3 || !long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || HostEntry.Time(fields[2]) is not { } time)
        {
            throw Damaged();
        }

        var bytes = new ArraySegment<byte>(record.Array!, begin, record.Offset + record.Count - begin);
        var place = kind[0] == 'd' ? JobFiles.Data + "/" : string.Empty;
        if (NameOf(bytes) is not { } name)
        {
            problems.Add(new LeftOut(place + Visible(bytes), LeftOutReason.NameNotUnicode, "its name is not UTF-8"));
            return;
        }

        // The folder itself has no name in itself.
        name = name.Length == 0 ? kind[0] == 'd' ? JobFiles.Data : "." : place + name;
        var file = new ResultFile(name, size, time, IsOwn: kind[0] == 'c');
        switch (kind[1], kind[2])
        {
            case ('f', 'f') when IsBelow(name):
                files.Add(file);
                break;
            case ('f' or 'd', 'l') when IsBelow(name):
                links.Add((file, kind[1] == 'd'));
                break;
            default:
                problems.Add(WhyNot(name, kind[1], kind[2]));
                break;
        }
    }

    private static LeftOut WhyNot(string name, char target, char type) => (target, type) switch
    {
        ('d', 'd') => new LeftOut(name, LeftOutReason.FolderUnreadable, "it is a folder that the user on the host may not read"),
        ('N', 'l') => new LeftOut(name, LeftOutReason.LinkDangling),
        ('L', 'l') => new LeftOut(name, LeftOutReason.LinkLoop),
        (_, 'l') => new LeftOut(name, LeftOutReason.NotAFile, "the link leads to something that is not a file"),
        (_, 's' or 'p' or 'b' or 'c') => LeftOut.NotAFile(name, type),
        _ => new LeftOut(name, LeftOutReason.NameUnsafe, "its path leads out of the folder"),
    };

    /// <summary>Sorts the links: what a link to a file leads to is a result, unless it is elsewhere on the host.</summary>
    private async Task FollowAsync(SshConnection connection, TrainingJob job, CancellationToken cancellationToken)
    {
        if (links.Count == 0)
        {
            return;
        }

        // The first two are the folders themselves, without links in their own paths.
        string[] paths = [".", JobFiles.DataTarget, .. links.Select(link => link.Link.Name)];
        var result = await connection.RunAsync(
            $"cd {ShellText.QuotePath(job.Folder)} && xargs -0 readlink -zm --", cancellationToken, string.Join("\0", paths) + "\0");
        var targets = result.Output.Split('\0');
        for (var i = 0; i < links.Count; i++)
        {
            // One that has vanished meanwhile is left out of the answer, so that none can be told from the next.
            var isInside = targets.Length == paths.Length + 1
                && targets.Take(2).Any(root => $"{targets[i + 2]}/".StartsWith($"{root}/", StringComparison.Ordinal));
            if (!isInside)
            {
                problems.Add(new LeftOut(
                    links[i].Link.Name, LeftOutReason.LinkOut, "the link leads out of the job's folder and the data folder"));
            }
            else if (links[i].ToFolder)
            {
                folderLinks.Add(links[i].Link.Name);
            }
            else
            {
                // For example last.ckpt, a link to the newest checkpoint.
                files.Add(links[i].Link with { IsLink = true });
            }
        }
    }

    private static bool IsBelow(string name) => name.Split('/').All(part => part is not ("" or "." or ".."));

    private static string? NameOf(ArraySegment<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes.Array!, bytes.Offset, bytes.Count);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Returns a name with each byte that is not ASCII in the form <c>\xe9</c>.</summary>
    private static string Visible(ArraySegment<byte> bytes) => string.Concat(
        bytes.Select(one => one < 0x80 ? ((char)one).ToString() : string.Format(CultureInfo.InvariantCulture, "\\x{0:x2}", one)));

    private static SpotTrainerException Damaged() => new(
        "ResultListDamaged", ErrorKind.InvalidData, "The host's list of the job's results is damaged.",
        "Try again. If the error persists, do not trust this host.");
}

/// <summary>A file to fetch.</summary>
/// <param name="Name">Its path below the job's folder, with slashes; that of one of the module's own files is below their folder.</param>
/// <param name="Size">Its size in bytes; that of a link is its own.</param>
/// <param name="LastWriteTime">When it was last changed (UTC).</param>
/// <param name="IsOwn">Whether it is one of the module's own files.</param>
internal sealed record ResultFile(string Name, long Size, DateTime LastWriteTime, bool IsOwn)
{
    /// <summary>Whether it is a link.</summary>
    public bool IsLink { get; init; }
}
