using Renci.SshNet;
using Renci.SshNet.Security;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>
/// Finds the keys to log in to a host with: the host's key file, through the one reader of the module, or a key that an agent keeps.
/// </summary>
internal static class LoginKeys
{
    /// <summary>Returns the keys, in the order in which to try them.</summary>
    /// <exception cref="SpotTrainerException">There is none, or it cannot be read.</exception>
    public static async Task<IReadOnlyList<LoginKey>> FindAsync(
        TrainingHost host, StepContext context, CancellationToken cancellationToken)
    {
        var path = host.KeyPath;
        if (path is null)
        {
            // Without a file, any key of the agent may be the one.
            var all = await InAgentsAsync(cancellationToken);
            return all.Length > 0 ? [.. all.Select(key => new LoginKey(key))] : throw RemoteErrors.NoKey(host);
        }

        var isThere = File.Exists(path) || Directory.Exists(path);
        if ((!isThere || path.EndsWith(".pub", StringComparison.OrdinalIgnoreCase)) && await InAgentAsync(path, cancellationToken) is { } only)
        {
            return [new LoginKey(only)];
        }

        if (!isThere)
        {
            throw RemoteErrors.KeyMissing(path);
        }

        var ring = context.Session.Get<KeyRing>();
        try
        {
            return [Checked(ring.Find(path) ?? PrivateKeyReader.Read(path), path)];
        }
        catch (SpotTrainerException exception) when (exception.Id == "KeyEncrypted")
        {
            // OpenSSH's and PuTTY's files tell the public half though they are encrypted.
            var publicKey = (exception.InnerException as KeyFileException)?.PublicKey;
            return [await InAgentAsync(path, cancellationToken, publicKey) is { } kept ? new LoginKey(kept)
                : Checked(await ring.UnlockAsync(path, RemoteErrors.KeyEncrypted(path, exception), context, cancellationToken), path)];
        }
    }

    private static LoginKey Checked(SshPrivateKey key, string path)
    {
        KeyFilePermissions.Require(path);
        return new LoginKey(key, path);
    }

    /// <summary>
    /// Returns the agent's key for a file, as ssh does with IdentitiesOnly: an agent that holds many keys must not use up the few attempts
    /// that a server allows. Unless the public half of a key is known, it stands beside it, or is the file itself.
    /// </summary>
    private static async Task<AgentKey?> InAgentAsync(string path, CancellationToken cancellationToken, byte[]? publicKey = null)
    {
        var file = path.EndsWith(".pub", StringComparison.OrdinalIgnoreCase) ? path : path + ".pub";
        if ((publicKey ?? PublicKeyIn(file)) is not { } wanted)
        {
            return null;
        }

        return Array.Find(await InAgentsAsync(cancellationToken), key => key.PublicKey.SequenceEqual(wanted));
    }

    private static Task<AgentKey[]> InAgentsAsync(CancellationToken cancellationToken) =>
        Blocking.RunAsync(() => SshAgent.All().SelectMany(agent => agent.Keys()).ToArray()).OrStopped(cancellationToken);

    private static byte[]? PublicKeyIn(string file)
    {
        try
        {
            return File.Exists(file) && new FileInfo(file).Length < 64 * 1024
                && File.ReadAllText(file).Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries) is [_, var base64, ..]
                ? Convert.FromBase64String(base64) : null;
        }
        catch (Exception exception) when (exception is FormatException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>A key to log in with, as SSH.NET takes it.</summary>
internal sealed class LoginKey : IPrivateKeySource, IDisposable
{
    private readonly PrivateKeyFile? file;

    /// <summary>Takes a key from a file.</summary>
    /// <exception cref="SpotTrainerException">SSH does not support keys of this kind.</exception>
    public LoginKey(SshPrivateKey key, string path)
    {
        Name = path;
        try
        {
            var content = OpenSshKeyFormat.Write(key, passphrase: null);
            try
            {
                using var stream = new MemoryStream(content);
                file = new PrivateKeyFile(stream);
            }
            finally
            {
                Array.Clear(content, 0, content.Length);
            }
        }
        catch (KeyFileException exception)
        {
            throw exception.For(path);
        }

        // The first is the best. Each further one would cost one of the few attempts that a server allows. Every server that takes RSA keys
        // without SHA-1 takes SHA-512 (RFC 8332).
        var best = file.HostKeyAlgorithms.First(one => one.Name is not "ssh-rsa");
        HostKeyAlgorithms = [new Algorithm(this, best.Name, best.Data, best.Sign)];
    }

    /// <summary>Takes a key that an agent keeps.</summary>
    public LoginKey(AgentKey key)
    {
        Name = $"{key.Comment} in {key.Agent.Name}";
        var name = NameOf(key.Type);
        var isRsa = name.StartsWith("rsa-", StringComparison.Ordinal);
        HostKeyAlgorithms = [new Algorithm(this, name, key.PublicKey, data => key.Agent.Sign(key.PublicKey, data, isRsa))];
    }

    /// <summary>How messages call it.</summary>
    public string Name { get; }

    /// <summary>Whether a server has seen its public half.</summary>
    public bool WasUsed { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyCollection<HostAlgorithm> HostKeyAlgorithms { get; }

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();

    private static string NameOf(string type) => type switch
    {
        "ssh-rsa" => "rsa-sha2-512",
        "ssh-rsa-cert-v01@openssh.com" => "rsa-sha2-512-cert-v01@openssh.com",
        _ => type,
    };

    private sealed class Algorithm(LoginKey key, string name, byte[] publicKey, Func<byte[], byte[]> sign) : HostAlgorithm(name)
    {
        public override byte[] Data
        {
            get
            {
                key.WasUsed = true;
                return publicKey;
            }
        }

        public override byte[] Sign(byte[] data) => sign(data);

        public override bool VerifySignature(byte[] data, byte[] signature) => throw new NotSupportedException();
    }
}
