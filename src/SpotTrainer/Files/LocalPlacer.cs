using SpotTrainer.Foundation;

namespace SpotTrainer.Files;

/// <summary>Gives what was received its names on this computer, with times and permissions.</summary>
/// <param name="destination">The full path of the destination.</param>
/// <param name="plan">What was received.</param>
/// <param name="stage">Where it stands.</param>
/// <param name="failed">Gets what cannot have its name.</param>
/// <param name="outcome">Gets what has its name.</param>
internal sealed class LocalPlacer(
    string destination, ReceivePlan plan, LocalStage stage, ICollection<LeftOut> failed, TransferOutcome outcome)
{
    private const int Permissions = 0x1FF;

    private readonly ParentFolders parents = new();

    /// <summary>Gives everything its name.</summary>
    public void Place()
    {
        foreach (var folder in plan.Folders)
        {
            Try(folder, () => MakeFolder(Full(folder)));
        }

        foreach (var item in plan.Archive.Concat(plan.Kept))
        {
            Try(item, () => PlaceFile(item, stage.PathOf(item.Local)));
        }

        foreach (var (item, file) in plan.Large.Where(large => !large.File.IsGivenUp))
        {
            Try(item, () =>
            {
                File.SetLastWriteTimeUtc(stage.PartOf(file), item.Entry.LastWriteTime);
                PlaceFile(item, stage.PartOf(file));
                stage.Forget(file);
            });
        }

        foreach (var item in plan.Links)
        {
            Try(item, () =>
            {
                // Nothing is lost in a moment without the link, and .NET renames no link to a folder.
                parents.MakeFor(Full(item));
                File.Delete(Full(item));
                LocalLink.Create(Full(item), item.Entry.Target);
                new FileInfo(Full(item)).LastWriteTimeUtc = item.Entry.LastWriteTime;
                Note(item, 0);
            });
        }

        foreach (var folder in Enumerable.Reverse(plan.Folders))
        {
            Try(folder, () => SetFolder(Full(folder), folder.Entry));
        }

        if (!failed.Any(one => one.Reason is LeftOutReason.Changed or LeftOutReason.NotWritten))
        {
            stage.Clear();
        }
    }

    private string Full(HostItem item) => Path.Combine(destination, item.Local.Replace('/', Path.DirectorySeparatorChar));

    private void Try(HostItem item, Action work)
    {
        try
        {
            work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            failed.Add(new LeftOut(item.Path, LeftOutReason.NotWritten, ErrorTranslation.FirstSentence(exception.Message).TrimEnd('.')));
        }
    }

    private void PlaceFile(HostItem item, string from)
    {
        var place = Full(item);
        parents.MakeFor(place);
    #if NET
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(from, (UnixFileMode)(item.Entry.Mode & Permissions));
        }
    #endif
        Replace(from, place);
        Note(item, item.Entry.Size);
    }

    private static void Replace(string from, string to)
    {
    #if NET
        File.Move(from, to, overwrite: true);
    #else
        if (File.Exists(to))
        {
            File.Replace(from, to, destinationBackupFileName: null);
        }
        else
        {
            File.Move(from, to);
        }
    #endif
    }

    private static void MakeFolder(string folder)
    {
#if NET
        if (!OperatingSystem.IsWindows() && Directory.Exists(folder))
        {
            // One that takes no files does so until all are in it.
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
#endif
        Directory.CreateDirectory(folder);
    }

    private static void SetFolder(string folder, HostEntry entry)
    {
        Directory.SetLastWriteTimeUtc(folder, entry.LastWriteTime);
    #if NET
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, (UnixFileMode)(entry.Mode & Permissions));
        }
    #endif
    }

    private void Note(HostItem item, long size) => outcome.Add(item.Path, size, item.Local);
}
