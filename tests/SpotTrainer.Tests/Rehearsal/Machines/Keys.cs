using SpotTrainer.Tests.Support;
namespace SpotTrainer.Tests.Rehearsal.Machines;

/// <summary>An SSH key pair made for one test run, in a folder of its own.</summary>
internal sealed class Keys : IDisposable
{
    private Keys(string directory) => Folder = directory;

    public string Folder { get; }

    public string PrivateFile => Path.Combine(Folder, "key");

    public string Private => File.ReadAllText(PrivateFile);

    public string Public => File.ReadAllText(PrivateFile + ".pub").Trim();

    public static async Task<Keys> MakeAsync()
    {
        var keys = new Keys(Directory.CreateTempSubdirectory("st-keys-").FullName);
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "made-for-tests", "-f", keys.PrivateFile))
            .Succeeded();
        return keys;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
