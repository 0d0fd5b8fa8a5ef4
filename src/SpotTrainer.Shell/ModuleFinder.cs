namespace SpotTrainer.Shell;

/// <summary>Finds the repository's module from the folder in which the shell was built.</summary>
internal static class ModuleFinder
{
    /// <summary>The manifest's path: in the folder, or the nearest above it.</summary>
    public static string? Find(string folder)
    {
        for (var directory = new DirectoryInfo(folder); directory is not null; directory = directory.Parent)
        {
            var manifest = Path.Combine(directory.FullName, "SpotTrainer.psd1");
            if (File.Exists(manifest))
            {
                return manifest;
            }
        }

        return null;
    }
}
