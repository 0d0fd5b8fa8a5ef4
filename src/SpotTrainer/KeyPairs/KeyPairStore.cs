using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>Keeps key pairs: private halves in the user's own folder, public halves in EC2, region by region as needed.</summary>
internal static class KeyPairStore
{
    /// <summary>The name of the pair that is made when the user names none.</summary>
    public const string DefaultName = "spottrainer";

    /// <summary>The file of a pair's private half.</summary>
    public static string PathOf(CloudContext cloud, string name) => new KeyPairFolder(cloud.KeyFolder).PathOf(name);

    /// <summary>Makes a pair, keeps its private half and imports its public half.</summary>
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
        catch (Exception exception) when (AwsVerdict.IsRefusal(exception))
        {
            folder.Delete(wanted.Name, key);
            throw;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            context.Log.Warning($"It is not known whether EC2 has the public half of '{wanted.Name}' now: its file {folder.PathOf(wanted.Name)} stays. "
                + "Get-TrainingKeyPair tells, and a launch with -KeyName imports what is missing.");
            throw;
        }
    }

    /// <summary>Makes a pair that EC2 is told nothing of.</summary>
    /// <param name="cloud">The rehearsal that is on, or null.</param>
    /// <param name="folder">Where private halves are.</param>
    /// <param name="wanted">What is to be made.</param>
    public static TrainingKeyPair CreateLocal(CloudContext? cloud, KeyPairFolder folder, NewKeyPair wanted)
    {
        wanted.Require(import: false);
        return new TrainingKeyPair(cloud, region: null, folder, wanted.Name, TrainingKeyPairState.LocalOnly, folder.Make(wanted));
    }

    /// <summary>Gives the pair of a name, imported to the region when it is not there, and made when there is none at all. EC2 lists it then.</summary>
    public static async Task<TrainingKeyPair> EnsureAsync(
        CloudContext cloud, string region, string name, StepContext context, CancellationToken cancellationToken)
    {
        KeyPairFolder.RequireName(name);
        var folder = new KeyPairFolder(cloud.KeyFolder);
        var path = folder.PathOf(name);
        if (!folder.Has(name))
        {
            var made = await CreateAsync(cloud, region, new NewKeyPair(name), context, cancellationToken);
            await UntilListedAsync(cloud, region, name, context, cancellationToken);
            context.Log.Information($"Made the key pair '{name}' ({path}) and imported its public half to {region}.");
            return made;
        }

        var key = PrivateKeyReader.Read(path);
        KeyFilePermissions.Require(path);
        var ec2 = await Ec2KeyPair.FindAsync(cloud, region, name, cancellationToken);
        if (ec2 is null)
        {
            ec2 = await Ec2KeyPair.ImportAsync(cloud, region, name, key, context, cancellationToken);
            await UntilListedAsync(cloud, region, name, context, cancellationToken);
            context.Log.Information($"Imported the public half of the key pair '{name}' to {region}.");
        }
        else if (!Ec2Fingerprint.Fits(ec2.Fingerprint, key))
        {
            throw new SpotTrainerException("KeyPairDiffers", ErrorKind.ResourceExists,
                $"EC2 in {region} has another key pair under the name '{name}' than {path}.", "Use another -KeyName.", name);
        }

        return new TrainingKeyPair(cloud, region, folder, name, TrainingKeyPairState.Matched, key, ec2);
    }

    /// <summary>Before EC2 lists a new pair it launches no machine with it.</summary>
    private static Task UntilListedAsync(CloudContext cloud, string region, string name, StepContext context, CancellationToken cancellationToken) =>
        NewlyMade.FindAsync(context, () => Ec2KeyPair.FindAsync(cloud, region, name, cancellationToken), cancellationToken);
}
