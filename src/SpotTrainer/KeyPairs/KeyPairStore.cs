using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>Keeps key pairs: private keys in the user's own folder, public keys in EC2, in each region that needs them.</summary>
internal static class KeyPairStore
{
    /// <summary>The name of the key pair that is created if the user gives no name.</summary>
    public const string DefaultName = "spottrainer";

    /// <summary>Returns the path of a key pair's private key.</summary>
    public static string PathOf(CloudContext cloud, string name) => new KeyPairFolder(cloud.KeyFolder).PathOf(name);

    /// <summary>Creates a key pair, saves its private key, and imports its public key.</summary>
    public static async Task<TrainingKeyPair> CreateAsync(
        CloudContext cloud, string region, NewKeyPair wanted, StepContext context, CancellationToken cancellationToken)
    {
        wanted.Require(import: true);
        await cloud.GetAccountAsync(cancellationToken);
        var folder = new KeyPairFolder(cloud.KeyFolder);
        var key = folder.Make(wanted);
        try
        {
            var ec2 = await Ec2KeyPair.ImportAsync(cloud, region, wanted.Name, key, context, cancellationToken);
            return new TrainingKeyPair(cloud, region, folder, wanted.Name, TrainingKeyPairState.Matched, key, ec2);
        }
        catch (Exception exception) when (AwsVerdict.IsRefusal(exception) && !AwsVerdict.Has(exception, CodeTraits.Again))
        {
            folder.Delete(wanted.Name, key);
            throw;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            context.Log.Warning(
                $"EC2 may or may not have the public key of '{wanted.Name}' now, so its file {folder.PathOf(wanted.Name)} was kept. "
                + "Check with Get-TrainingKeyPair. A launch with -KeyName imports the public key if it is missing.");
            throw;
        }
    }

    /// <summary>Creates a key pair without contacting EC2.</summary>
    /// <param name="cloud">The current rehearsal, or null.</param>
    /// <param name="folder">The folder with the private keys.</param>
    /// <param name="wanted">What to create.</param>
    public static TrainingKeyPair CreateLocal(CloudContext? cloud, KeyPairFolder folder, NewKeyPair wanted)
    {
        wanted.Require(import: false);
        return new TrainingKeyPair(cloud, region: null, folder, wanted.Name, TrainingKeyPairState.LocalOnly, folder.Make(wanted));
    }

    /// <summary>
    /// Returns the key pair with this name. If there is none, it is created. If the region does not have it, it is imported. When the task
    /// completes, EC2 lists it.
    /// </summary>
    public static async Task<TrainingKeyPair> EnsureAsync(
        CloudContext cloud, string region, string name, StepContext context, CancellationToken cancellationToken)
    {
        KeyPairFolder.RequireName(name);
        var folder = new KeyPairFolder(cloud.KeyFolder);
        var path = folder.PathOf(name);
        if (!folder.Has(name))
        {
            try
            {
                var made = await CreateAsync(cloud, region, new NewKeyPair(name), context, cancellationToken);
                await UntilListedAsync(cloud, region, name, context, cancellationToken);
                context.Log.Information($"Created the key pair '{name}' ({path}) and imported its public key to {region}.");
                return made;
            }
            catch (SpotTrainerException exception) when (exception.Id is "KeyPairExists" or "FileExists" && folder.Has(name))
            {
                // Another launch has created it in the meantime.
            }
        }

        var key = PrivateKeyReader.Read(path);
        KeyFilePermissions.Require(path);
        var ec2 = await Ec2KeyPair.FindAsync(cloud, region, name, cancellationToken);
        if (ec2 is null)
        {
            ec2 = await Ec2KeyPair.ImportAsync(cloud, region, name, key, context, cancellationToken);
            await UntilListedAsync(cloud, region, name, context, cancellationToken);
            context.Log.Information($"Imported the public key of the key pair '{name}' to {region}.");
        }
        else if (!ec2.Holds(key))
        {
            throw new SpotTrainerException("KeyPairDiffers", ErrorKind.ResourceExists,
                $"The key pair '{name}' in {region} does not match the private key {path}.", "Use another -KeyName.", name);
        }

        return new TrainingKeyPair(cloud, region, folder, name, TrainingKeyPairState.Matched, key, ec2);
    }

    /// <summary>Waits until EC2 lists a new key pair. Before that, EC2 does not launch an instance with it.</summary>
    private static Task UntilListedAsync(
        CloudContext cloud, string region, string name, StepContext context, CancellationToken cancellationToken) =>
        NewlyMade.FindAsync(context, () => Ec2KeyPair.FindAsync(cloud, region, name, cancellationToken), cancellationToken);
}
