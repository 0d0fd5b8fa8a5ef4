using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>The public key of a key pair, as an EC2 region has it.</summary>
internal sealed class Ec2KeyPair
{
    /// <summary>The tag of the key pairs that the module imported.</summary>
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

    /// <summary>The fingerprint that EC2 shows: see <see cref="Ec2Fingerprint"/>.</summary>
    public string Fingerprint { get; }

    /// <summary>SSH's name for the algorithm.</summary>
    public string Algorithm { get; }

    /// <summary>The public key as one line; null if EC2 does not return it.</summary>
    public string? PublicKey { get; }

    /// <summary>Whether the key pair has the module's tag.</summary>
    public bool IsOurs { get; }

    /// <summary>
    /// Whether its public key belongs to a private key. Some implementations of EC2 show fingerprints in other forms, so the public key
    /// itself decides if EC2 returns it.
    /// </summary>
    public bool Holds(SshPrivateKey key) => PublicKey?.Split([' '], StringSplitOptions.RemoveEmptyEntries) is [_, var blob, ..]
        ? blob == Convert.ToBase64String(key.PublicBlob)
        : Ec2Fingerprint.Fits(Fingerprint, key);

    /// <summary>Returns the key pairs of a region.</summary>
    public static Task<IReadOnlyList<Ec2KeyPair>> ListAsync(CloudContext cloud, string region, CancellationToken cancellationToken) =>
        ListAsync(cloud, region, filters: [], cancellationToken);

    /// <summary>Returns the key pair with this name, or null.</summary>
    public static async Task<Ec2KeyPair?> FindAsync(CloudContext cloud, string region, string name, CancellationToken cancellationToken) =>
        (await ListAsync(cloud, region, [new Filter("key-name", [name])], cancellationToken))
            .FirstOrDefault(pair => string.Equals(pair.Name, name, StringComparison.Ordinal));

    /// <summary>Imports a public key.</summary>
    public static async Task<Ec2KeyPair> ImportAsync(
        CloudContext cloud, string region, string name, SshPrivateKey key, StepContext context, CancellationToken cancellationToken)
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
                        new TagSpecification { ResourceType = ResourceType.KeyPair,
                            Tags = [new Tag(KeyTag, name), new Tag(ModuleTags.Owner, ModuleTags.CurrentOwner)] },
                    ],
                }, cancellationToken);
            return new Ec2KeyPair(made.KeyPairId, name, made.KeyFingerprint, key.Algorithm, key.PublicLine, isOurs: true);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidKeyPair.Duplicate")
        {
            // A call whose response is lost is repeated. The duplicate is then the key pair of the first call, which EC2 may not list yet.
            return await NewlyMade.FindAsync(
                context, () => FindAsync(cloud, region, name, cancellationToken),
                cancellationToken) is { } there && there.Holds(key)
                ? there
                : throw new SpotTrainerException("KeyPairExists", ErrorKind.ResourceExists,
                    $"EC2 already has a key pair '{name}' in {region}, and its private key is not on this computer.",
                    "Choose another name (-Name, or -KeyName for a launch).", name, exception);
        }
    }

    /// <summary>Deletes this key pair, but not a newer one with the same name, and looks again.</summary>
    /// <exception cref="SpotTrainerException"><c>KeyPairLeft</c>: EC2 still lists it.</exception>
    public async Task DeleteAsync(CloudContext cloud, string region, StepContext context, CancellationToken cancellationToken)
    {
        try
        {
            await cloud.Ec2(region).DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyPairId = Id }, cancellationToken);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidKeyPair.NotFound")
        {
            // It has already been deleted.
        }

        if (!await NewlyMade.IsGoneAsync(
            context, async () => (await FindAsync(cloud, region, Name, cancellationToken))?.Id == Id, cancellationToken))
        {
            throw new SpotTrainerException("KeyPairLeft", ErrorKind.InvalidResult,
                $"EC2 still lists the key pair '{Name}' ({Id}) in {region} after its deletion. Its private key was kept.",
                "Run Remove-TrainingKeyPair again.", Name);
        }
    }

    private static async Task<IReadOnlyList<Ec2KeyPair>> ListAsync(
        CloudContext cloud, string region, List<Filter> filters, CancellationToken cancellationToken)
    {
        var answer = await cloud.Ec2(region).DescribeKeyPairsAsync(
            new DescribeKeyPairsRequest { Filters = filters, IncludePublicKey = true }, cancellationToken);
        return [.. answer.KeyPairs.Select(pair => new Ec2KeyPair(
            pair.KeyPairId, pair.KeyName, pair.KeyFingerprint, $"ssh-{pair.KeyType?.Value}", pair.PublicKey?.Trim(),
            pair.Tags.Exists(tag => tag.Key == KeyTag)))];
    }
}
