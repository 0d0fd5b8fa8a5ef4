using System.Collections.Concurrent;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;


namespace SpotTrainer.Tests.Support;

/// <summary>Keys from ssh-keygen, openssl, and puttygen, and what these programs say about our keys.</summary>
internal sealed class KeyJudges : IDisposable
{
    /// <summary>The passphrase of every encrypted file here, with a non-ASCII letter.</summary>
    public const string Secret = "für Tests";

    /// <summary>The algorithms that OpenSSH supports, as <see cref="MakeAsync"/> takes them.</summary>
    public static readonly string[] OpenSshAlgorithms = ["rsa-1024", "rsa-2048", "ecdsa-256", "ecdsa-384", "ecdsa-521", "ed25519"];

    /// <summary>All algorithms.</summary>
    public static readonly string[] Algorithms = [.. OpenSshAlgorithms, "ed448"];

    private static readonly ConcurrentDictionary<string, Lazy<Task<byte[]>>> Made = new(StringComparer.Ordinal);

    private readonly TemporaryFolder folder = new();
    private readonly string secretFile;
    private int count;

    public KeyJudges() => secretFile = folder.Write("secret", Secret);

    public static Passphrase SecretPassphrase()
    {
        var secret = new System.Security.SecureString();
        foreach (var character in Secret)
        {
            secret.AppendChar(character);
        }

        return Passphrase.From(secret)!;
    }

    /// <summary>Returns a path that does not exist yet.</summary>
    public string NewPath(string ending = "") => Path.Combine(folder.Path, $"{++count}{ending}");

    public string Write(byte[] content)
    {
        var path = NewPath();
        PrivateFile.Write(path, content, overwrite: false);
        return path;
    }

    /// <summary>
    /// Returns a key with the comment <c>made-for-tests</c> in OpenSSH's format, or in PuTTY's for Ed448. Each is generated once per
    /// test run.
    /// </summary>
    public async Task<string> MakeAsync(string algorithm) =>
        Write(await Made.GetOrAdd(algorithm, _ => new Lazy<Task<byte[]>>(() => MakeNewAsync(algorithm))).Value);

    /// <summary>Converts a file to PuTTY's format with puttygen.</summary>
    public async Task<byte[]> PuttygenAsync(string source, int version = 3, bool encrypted = false)
    {
        var path = NewPath(".ppk");
        await RunAsync(
            "puttygen", source, "-P", "-O", "private", "-o", path, "--ppk-param", $"version={version}",
            "--old-passphrase", encrypted ? secretFile : "/dev/null", "--new-passphrase", "/dev/null");
        return await ReadAsync(path);
    }

    /// <summary>Encrypts a key with puttygen.</summary>
    public async Task<string> PuttygenEncryptedAsync(string source, string parameters)
    {
        var path = NewPath(".ppk");
        await RunAsync(
            "puttygen", source, "-P", "-O", "private", "-o", path, "--ppk-param", parameters, "--old-passphrase", "/dev/null",
            "--new-passphrase", secretFile);
        return path;
    }

    /// <summary>Exports a key to one of OpenSSH's formats with puttygen.</summary>
    public async Task<byte[]> PuttygenExportAsync(string source, string format)
    {
        var path = NewPath();
        await RunAsync(
            "puttygen", source, "-P", "-O", format, "-o", path, "--old-passphrase", "/dev/null", "--new-passphrase", "/dev/null");
        return await ReadAsync(path);
    }

    /// <summary>Copies a key and rewrites it in another format with ssh-keygen.</summary>
    public async Task<string> RewrittenAsync(string source, string format, string passphrase = "", params string[] more)
    {
        var path = NewPath();
        File.Copy(source, path);
        await RunAsync(["ssh-keygen", "-q", "-p", "-P", "", "-N", passphrase, "-m", format, .. more, "-f", path]);
        return path;
    }

    /// <summary>Converts a file to PKCS#8 DER with openssl.</summary>
    public async Task<byte[]> OpensslAsync(string source, bool encrypted = false)
    {
        var path = NewPath(".der");
        await RunAsync(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", source, "-outform", "DER", "-out", path, .. Pass(encrypted)]);
        return await ReadAsync(path);
    }

    /// <summary>Runs openssl on a file and returns the path of the result.</summary>
    public async Task<string> OpensslFileAsync(string source, params string[] command)
    {
        var path = NewPath();
        await RunAsync(["openssl", .. command, "-in", source, "-out", path]);
        return path;
    }

    /// <summary>The openssl arguments that set the passphrase of the result.</summary>
    public string[] PassOut() => ["-passout", $"file:{secretFile}"];

    /// <summary>Returns the public key line from ssh-keygen.</summary>
    public static async Task<string> SshKeygenPublicAsync(string path, bool encrypted = false) =>
        (await RunAsync("ssh-keygen", "-y", "-P", encrypted ? Secret : "", "-f", path)).Trim();

    public void Dispose() => folder.Dispose();

    private static async Task<byte[]> MakeNewAsync(string algorithm)
    {
        using var place = new TemporaryFolder();
        var path = Path.Combine(place.Path, "key");
        switch (algorithm.Split('-'))
        {
            case ["ed448"]:
                await RunAsync("puttygen", "-q", "-t", "ed448", "-C", "made-for-tests", "--new-passphrase", "/dev/null", "-o", path);
                break;
            case ["rsa", "1024"]:
                // Debian's ssh-keygen cannot generate keys as short as some clouds once issued.
                await RunAsync("openssl", "genrsa", "-traditional", "-out", path, "1024");
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                await RunAsync("ssh-keygen", "-q", "-p", "-P", "", "-N", "", "-f", path);
                await RunAsync("ssh-keygen", "-q", "-c", "-C", "made-for-tests", "-f", path);
                break;
            case [var type, .. var bits]:
                await RunAsync(
                    ["ssh-keygen", "-q", "-t", type, .. bits.SelectMany(size => new[] { "-b", size }), "-N", "", "-C", "made-for-tests",
                        "-f", path]);
                break;
        }

        return await ReadAsync(path);
    }

    private static async Task<string> RunAsync(params string[] command) => (await Programs.RunAsync(command)).Succeeded();

    private static Task<byte[]> ReadAsync(string path) => File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

    private string[] Pass(bool encrypted) => encrypted ? ["-passin", $"file:{secretFile}"] : [];
}
