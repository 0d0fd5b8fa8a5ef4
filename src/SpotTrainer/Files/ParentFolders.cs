namespace SpotTrainer.Files;

/// <summary>Creates the folders of many files, and looks at each only once.</summary>
internal sealed class ParentFolders
{
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    /// <summary>Creates the folder of a file, unless it is there.</summary>
    /// <param name="path">The full path of the file.</param>
    public void MakeFor(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (!known.Contains(folder))
        {
            Directory.CreateDirectory(folder);
            known.Add(folder);
        }
    }
}
