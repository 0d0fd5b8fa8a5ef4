using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>A pair's public half, as a region of EC2 has it.</summary>
internal sealed class Ec2KeyPair
{
    /// <summary>The tag of the pairs that the module imported.</summary>
    public const string KeyTag = "spottrainer:key";

    private Ec2KeyPair(string id, string name, string fingerprint, string algorithm, string? publicKey, bool isOurs)
    {
        Id = id;
        Name = name;
        Fingerprint = fingerprint;
        Algorithm = algorithm;
        PublicKey = publicKey;
        IsOurs = isOurs;
    }

    public string Id { get; }

    public string Name { get; }

    /// <summary>See <see cref="Ec2Fingerprint"/>.</summary>
    public string Fingerprint { get; }

    /// <summary>SSH's name of the algorithm.</summary>
    public string Algorithm { get; }

    /// <summary>The public half as one line, where EC2 gives it.</summary>
    public string? PublicKey { get; }

    /// <summary>Whether it has the module's tag.</summary>
    public bool IsOurs { get; }

    /// <summary>Gives the pairs of a region.</summary>
    public static Task<IReadOnlyList<Ec2KeyPair>> ListAsync(CloudContext cloud, string region, CancellationToken cancellationToken) =>
        ListAsync(cloud, region, filters: [], cancellationToken);

    /// <summary>Gives the pair of a name, or null.</summary>
    public static async Task<Ec2KeyPair?> FindAsync(CloudContext cloud, string region, string name, CancellationToken cancellationToken) =>
        (await ListAsync(cloud, region, [new Filter("key-name", [name])], cancellationToken))
            .FirstOrDefault(pair => string.Equals(pair.Name, name, StringComparison.Ordinal));

    /// <summary>Imports a key's public half.</summary>
    public static async Task<Ec2KeyPair> ImportAsync(CloudContext cloud, string region, string name, SshPrivateKey key, StepContext context, CancellationToken cancellationToken)
    {
        if (!Ec2Fingerprint.IsImportable(key.Algorithm))
        {
            throw NewKeyPair.NotImportable(key.Algorithm, name);
        }

        try
        {
            var made = await cloud.Ec2(region).ImportKeyPairAsync(
                new ImportKeyPairRequest
                {
                    KeyName = name,
                    PublicKeyMaterial = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(key.PublicLine)),
                    TagSpecifications =
                    [
                        new TagSpecification { ResourceType = ResourceType.KeyPair, Tags = [new Tag(KeyTag, name), new Tag(ModuleTags.Owner, ModuleTags.CurrentOwner)] },
                    ],
                }, cancellationToken);
            return new Ec2KeyPair(made.KeyPairId, name, made.KeyFingerprint, key.Algorithm, key.PublicLine, isOurs: true);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidKeyPair.Duplicate")
        {
            // The call is repeated when its answer gets lost: then it is the first one's pair that stands in the way. EC2 may not list it yet.
            return await NewlyMade.FindAsync(context, () => FindAsync(cloud, region, name, cancellationToken), cancellationToken) is { } there && Ec2Fingerprint.Fits(there.Fingerprint, key)
                ? there
                : throw new SpotTrainerException("KeyPairExists", ErrorKind.ResourceExists,
                    $"EC2 in {region} has a key pair '{name}' already, whose private half is not on this computer.",
                    "Choose another name (-Name, or -KeyName at a launch).", name, exception);
        }
    }

    /// <summary>Deletes this pair, and no other that was given its name meanwhile.</summary>
    public async Task DeleteAsync(CloudContext cloud, string region, CancellationToken cancellationToken)
    {
        try
        {
            await cloud.Ec2(region).DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyPairId = Id }, cancellationToken);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidKeyPair.NotFound")
        {
            // It went meanwhile.
        }
    }

    private static async Task<IReadOnlyList<Ec2KeyPair>> ListAsync(
        CloudContext cloud, string region, List<Filter> filters, CancellationToken cancellationToken)
    {
        var answer = await cloud.Ec2(region).DescribeKeyPairsAsync(new DescribeKeyPairsRequest { Filters = filters, IncludePublicKey = true }, cancellationToken);
        return [.. answer.KeyPairs.Select(pair => new Ec2KeyPair(
            pair.KeyPairId, pair.KeyName, pair.KeyFingerprint, $"ssh-{pair.KeyType?.Value}", pair.PublicKey?.Trim(),
            pair.Tags.Exists(tag => tag.Key == KeyTag)))];
    }
}
