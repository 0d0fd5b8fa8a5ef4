using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>Lists key pairs: the private keys on this computer, the public keys in a region, and whether they match.</summary>
internal static class KeyPairList
{
    /// <summary>Returns the key pairs, sorted by name.</summary>
    /// <param name="cloud">The cloud; null if there are no credentials for it.</param>
    /// <param name="region">The region.</param>
    /// <param name="folder">The folder with the private keys.</param>
    /// <param name="wanted">Selects the names.</param>
    /// <param name="context">Receives a warning for each file that cannot be read, and if EC2 cannot be asked.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<IReadOnlyList<TrainingKeyPair>> ListAsync(
        CloudContext? cloud, string? region, KeyPairFolder folder, Func<string, bool> wanted, StepContext context,
        CancellationToken cancellationToken)
    {
        var local = folder.Names().Where(wanted).ToArray();
        var ec2 = cloud is null ? null : await AskAsync(cloud, region!, context, cancellationToken);
        if (ec2 is null)
        {
            return [.. local.Select(name => DescribeLocal(name, known: null))];
        }

        var known = ec2.Where(pair => wanted(pair.Name) && (pair.IsOurs || local.Contains(pair.Name, StringComparer.Ordinal)))
            .ToDictionary(pair => pair.Name, StringComparer.Ordinal);
        return [.. local.Union(known.Keys, StringComparer.Ordinal).OrderBy(name => name, StringComparer.Ordinal).Select(name =>
            local.Contains(name, StringComparer.Ordinal)
                ? DescribeLocal(name, known)
                : new TrainingKeyPair(cloud, region, folder, name, TrainingKeyPairState.CloudOnly, key: null, known[name]))];

        TrainingKeyPair DescribeLocal(string name, Dictionary<string, Ec2KeyPair>? known)
        {
            var pair = known is not null && known.TryGetValue(name, out var found) ? found : null;
            var key = TryRead(folder.PathOf(name), context);
            var state = key is null ? TrainingKeyPairState.Unreadable
                : known is null && Ec2Fingerprint.IsImportable(key.Algorithm) ? TrainingKeyPairState.Unknown
                : pair is null ? TrainingKeyPairState.LocalOnly
                : pair.Holds(key) ? TrainingKeyPairState.Matched
                : TrainingKeyPairState.Differs;
            return known is null
                ? new TrainingKeyPair(cloud, region: null, folder, name, state, key)
                : new TrainingKeyPair(cloud, region, folder, name, state, key, pair);
        }
    }

    /// <summary>Reads a key file. If that fails, it logs a warning and returns null.</summary>
    public static SshPrivateKey? TryRead(string path, StepContext context)
    {
        try
        {
            return PrivateKeyReader.Read(path);
        }
        catch (Exception exception) when (exception is SpotTrainerException or IOException or UnauthorizedAccessException)
        {
            context.Log.Warning(ErrorTranslation.Translate(exception, path).Message);
            return null;
        }
    }

    /// <summary>
    /// Asks EC2. Without valid credentials or a connection, it logs a warning and returns null: the key pairs on this computer can still be
    /// listed.
    /// </summary>
    private static async Task<IReadOnlyList<Ec2KeyPair>?> AskAsync(
        CloudContext cloud, string region, StepContext context, CancellationToken cancellationToken)
    {
        try
        {
            await cloud.GetAccountAsync(cancellationToken);
            return await Ec2KeyPair.ListAsync(cloud, region, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var error = ErrorTranslation.Translate(exception, region);
            if (error.Kind is not (ErrorKind.AuthenticationError or ErrorKind.ConnectionError))
            {
                throw error;
            }

            context.Log.Warning($"EC2 could not be asked: {error.Message} These are the key pairs on this computer.");
            return null;
        }
    }
}
