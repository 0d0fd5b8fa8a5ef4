
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>Sees what key pairs there are: their halves on this computer and in a region, and whether these fit one another.</summary>
internal static class KeyPairList
{
    /// <summary>Gives the pairs, by name.</summary>
    /// <param name="cloud">The cloud; null where there are no credentials to ask it.</param>
    /// <param name="region">The region.</param>
    /// <param name="folder">Where private halves are.</param>
    /// <param name="wanted">Which names are meant.</param>
    /// <param name="context">Is told what can't be read or asked.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<IReadOnlyList<TrainingKeyPair>> ListAsync(
        CloudContext? cloud, string? region, KeyPairFolder folder, Func<string, bool> wanted, StepContext context, CancellationToken cancellationToken)
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
                : Ec2Fingerprint.Fits(pair.Fingerprint, key) ? TrainingKeyPairState.Matched
                : TrainingKeyPairState.Differs;
            return known is null
                ? new TrainingKeyPair(cloud, region: null, folder, name, state, key)
                : new TrainingKeyPair(cloud, region, folder, name, state, key, pair);
        }
    }

    /// <summary>Reads a file; null, and a warning, where that can't be done.</summary>
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

    /// <summary>Asks EC2; null, and a warning, where nobody there can be asked: what is on this computer can be seen all the same.</summary>
    private static async Task<IReadOnlyList<Ec2KeyPair>?> AskAsync(CloudContext cloud, string region, StepContext context, CancellationToken cancellationToken)
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
