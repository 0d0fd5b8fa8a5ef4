using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Keys;

/// <summary>Keeps key pairs: private halves in the user's own folder, public halves in EC2, region by region as needed.</summary>
internal static class KeyPairStore
{
    /// <summary>The name of the pair that is made when the user names none.</summary>
    public const string DefaultName = "spottrainer";

    /// <summary>The file of a pair's private half.</summary>
    public static string PathOf(CloudContext cloud, string name) => Path.Combine(cloud.KeyFolder, name + ".pem");

    /// <summary>Makes a pair, keeps its private half and imports its public half.</summary>
    public static async Task<TrainingKeyPair> CreateAsync(
        CloudContext cloud, string region, string name, string algorithm, int bits, CancellationToken cancellationToken)
    {
        RequireName(name);
        var path = PathOf(cloud, name);
        if (File.Exists(path))
        {
            throw new SpotTrainerException("KeyPairExists", ErrorKind.ResourceExists, $"There is a key pair '{name}' already ({path}).",
                "Use it with -KeyName, or choose another name.", name);
        }

        var key = string.Equals(algorithm, "RSA", StringComparison.OrdinalIgnoreCase) ? SshPrivateKey.MakeRsa(bits, name) : SshPrivateKey.MakeEd25519(name);
        PrivateFile.Write(path, key.ToOpenSsh(), overwrite: false);
        try
        {
            await ImportAsync(cloud, region, name, key, cancellationToken);
        }
        catch (SpotTrainerException exception) when (exception.Id == "KeyPairExists")
        {
            // Only after a clear no: else the public half may be in EC2, and this is the one file that fits it.
            File.Delete(path);
            throw;
        }

        return new TrainingKeyPair(cloud, region, name, path, key);
    }

    /// <summary>Gives the pair of a name, imported to the region when it is not there, and made when there is none at all.</summary>
    public static async Task<TrainingKeyPair> EnsureAsync(
        CloudContext cloud, string region, string name, IStepLog log, CancellationToken cancellationToken)
    {
        var path = PathOf(cloud, name);
        if (!File.Exists(path))
        {
            var made = await CreateAsync(cloud, region, name, "Ed25519", bits: 0, cancellationToken);
            log.Information($"Made the key pair '{name}' ({path}) and imported its public half to {region}.");
            return made;
        }

        var key = PrivateKeyReader.Read(path);
        var known = await cloud.Ec2(region).DescribeKeyPairsAsync(
            new DescribeKeyPairsRequest { Filters = [new Filter("key-name", [name])], IncludePublicKey = true }, cancellationToken);
        if (known.KeyPairs.Count == 0)
        {
            await ImportAsync(cloud, region, name, key, cancellationToken);
            log.Information($"Imported the public half of the key pair '{name}' to {region}.");
        }
        else if (known.KeyPairs[0].PublicKey is { } line && line.Split(' ') is [_, var blob, ..]
            && !string.Equals(blob, Convert.ToBase64String(key.PublicBlob), StringComparison.Ordinal))
        {
            throw new SpotTrainerException("KeyPairDiffers", ErrorKind.ResourceExists,
                $"EC2 in {region} has another key pair under the name '{name}' than {path}.", "Use another -KeyName.", name);
        }

        return new TrainingKeyPair(cloud, region, name, path, key);
    }

    private static async Task ImportAsync(CloudContext cloud, string region, string name, SshPrivateKey key, CancellationToken cancellationToken)
    {
        try
        {
            await cloud.Ec2(region).ImportKeyPairAsync(
                new ImportKeyPairRequest
                {
                    KeyName = name,
                    PublicKeyMaterial = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(key.PublicLine)),
                    TagSpecifications = [new TagSpecification { ResourceType = ResourceType.KeyPair, Tags = [new Tag("spottrainer:key", name)] }],
                }, cancellationToken);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidKeyPair.Duplicate")
        {
            throw new SpotTrainerException("KeyPairExists", ErrorKind.ResourceExists, $"EC2 in {region} has a key pair '{name}' already, whose private half is not on this computer.",
                "Choose another name (-Name, or -KeyName at a launch).", name, exception);
        }
    }

    private static void RequireName(string name)
    {
        if (name.Length > 255 || name.IndexOfAny([.. Path.GetInvalidFileNameChars(), '/', '\\']) >= 0 || name[0] == '.')
        {
            throw new SpotTrainerException("NameInvalid", ErrorKind.InvalidArgument, $"'{name}' can't be the name of a key pair and of its file.",
                "Use letters, digits, - and _.", name);
        }
    }
}
