using System.Collections.Concurrent;
using System.Security;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>
/// The private keys that a session has unlocked, so that each passphrase is asked for once. They end with the session, and are never
/// written anywhere.
/// </summary>
internal sealed class KeyRing : IDisposable
{
    private readonly ConcurrentDictionary<string, (DateTime Written, SshPrivateKey Key)> unlocked = new(StringComparer.Ordinal);
    private readonly List<Passphrase> passphrases = [];
    private readonly SemaphoreSlim asking = new(1);

    /// <summary>Remembers a passphrase that the user gave, for every key that it unlocks.</summary>
    public void Add(SecureString given)
    {
        lock (passphrases)
        {
            passphrases.Add(Passphrase.From(given)!);
        }
    }

    /// <summary>Returns a key that was unlocked before and has not changed since; null if there is none.</summary>
    public SshPrivateKey? Find(string path) =>
        unlocked.TryGetValue(path, out var known) && known.Written == File.GetLastWriteTimeUtc(path) ? known.Key : null;

    /// <summary>Unlocks a key with a passphrase that was given, or asks for one.</summary>
    /// <param name="path">The key file.</param>
    /// <param name="encrypted">The error if nobody knows the passphrase.</param>
    /// <param name="context">Whom to ask.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="SpotTrainerException">The passphrase is missing or wrong.</exception>
    public async Task<SshPrivateKey> UnlockAsync(
        string path, SpotTrainerException encrypted, StepContext context, CancellationToken cancellationToken)
    {
        // Several hosts with the same key ask once.
        await asking.WaitAsync(cancellationToken);
        try
        {
            return Find(path) ?? TryGiven(path, ref encrypted) ?? await AskAsync(path, encrypted, context);
        }
        finally
        {
            asking.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        unlocked.Clear();
        lock (passphrases)
        {
            passphrases.ForEach(passphrase => passphrase.Dispose());
            passphrases.Clear();
        }
    }

    private SshPrivateKey? TryGiven(string path, ref SpotTrainerException error)
    {
        lock (passphrases)
        {
            foreach (var passphrase in passphrases)
            {
                try
                {
                    return Keep(path, passphrase);
                }
                catch (SpotTrainerException exception) when (exception.Id == "KeyPassphraseWrong")
                {
                    error = exception;
                }
            }
        }

        return null;
    }

    private async Task<SshPrivateKey> AskAsync(string path, SpotTrainerException encrypted, StepContext context)
    {
        using var answer = await context.Log.AskSecretAsync($"Passphrase of {path}: ") ?? throw encrypted;
        using var passphrase = Passphrase.From(answer);
        return Keep(path, passphrase!);
    }

    private SshPrivateKey Keep(string path, Passphrase passphrase)
    {
        var written = File.GetLastWriteTimeUtc(path);
        var key = PrivateKeyReader.Read(path, passphrase).Key;
        unlocked[path] = (written, key);
        return key;
    }
}
