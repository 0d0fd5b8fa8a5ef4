using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Support;

/// <summary>A folder that is deleted after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("spottrainer-test-").FullName;

    /// <summary>The path of a file or folder in this folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file into the folder and returns its path.</summary>
    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Deletes the folder. A process that was killed may still be deleting its own files there.</summary>
    public void Dispose()
    {
        for (var elapsed = TimeProvider.System.StartClock(); Directory.Exists(Path);)
        {
            try
            {
                Directory.Delete(Path, recursive: true);
            }
            catch (IOException) when (elapsed() < TimeSpan.FromSeconds(20))
            {
                Thread.Sleep(50);
            }
        }
    }
}
