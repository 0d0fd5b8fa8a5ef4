using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>Sends files and folders to a host.</summary>
internal static class DataSender
{
    /// <summary>Expands paths to files: a file to itself, a folder to the files in it and in its subfolders.</summary>
    /// <returns>A map from each full path to the path relative to the destination, with slashes.</returns>
    public static IReadOnlyDictionary<string, string> Expand(IEnumerable<string> paths)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            if (File.Exists(path))
            {
                files[path] = Path.GetFileName(path);
            }
            else if (Directory.Exists(path))
            {
                // A drive keeps its separator: E: alone is the current folder there.
                var root = path.TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar) + Path.DirectorySeparatorChar;
                foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
                {
                    files[file] = file.Substring(root.Length).Replace(Path.DirectorySeparatorChar, '/');
                }
            }
            else
            {
                throw new SpotTrainerException("DataNotFound", ErrorKind.ObjectNotFound, $"There is no file or folder {path}.",
                    "Check -Path.", path);
            }
        }

        if (files.GroupBy(file => file.Value, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new SpotTrainerException("DataAmbiguous", ErrorKind.InvalidArgument,
                $"{string.Join(" and ", twice.Select(file => file.Key))} would both be '{twice.Key}' on the host.",
                "Send them to different -Destination folders.", twice.Key);
        }

        return files;
    }

    /// <summary>Sends the files. Each file appears under its name once it is complete.</summary>
    /// <exception cref="SpotTrainerException"><c>DataNotFound</c>, <c>DataAmbiguous</c>, and those of connecting.</exception>
    public static async Task<TrainingData> EnsureAsync(
        TrainingHost host, SendRequest request, StepContext context, CancellationToken cancellationToken)
    {
        var files = Expand(request.Paths);
        var activity = $"Sending data to {host}";
        var elapsed = context.Time.StartClock();
        try
        {
            var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
            var folder = await connection.OpenFolderAsync(request.Destination, cancellationToken);
            await folder.CreateAsync(cancellationToken);
            foreach (var parent in files.Values.Where(name => name.Contains('/')).Select(
                name => name.Substring(0, name.LastIndexOf('/'))).Distinct(StringComparer.Ordinal))
            {
                await folder.CreateAsync(cancellationToken, parent);
            }

            var total = files.Keys.Sum(path => new FileInfo(path).Length);
            long sent = 0;
            foreach (var file in files)
            {
                context.Log.Progress(activity, file.Value, total == 0 ? 0 : (int)(sent * 100 / total));
                using (var content = File.OpenRead(file.Key))
                {
                    await folder.WriteAsync(file.Value + ".part", content, cancellationToken);
                    sent += content.Length;
                }

                await folder.ReplaceAsync(file.Value + ".part", file.Value, cancellationToken);
            }

            return new TrainingData(host, request.Destination, files.Values.ToArray(), sent, elapsed());
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }
}
