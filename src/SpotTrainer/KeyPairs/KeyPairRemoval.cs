using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>
/// Removes a key pair. Everything that could prevent the removal is checked before the user is asked. Then the public key in EC2 is
/// deleted, and last the private key: a failure leaves the one file that cannot be created again.
/// </summary>
internal sealed class KeyPairRemoval
{
    private readonly CloudContext? cloud;
    private readonly string? region;
    private readonly KeyPairFolder folder;
    private readonly string name;
    private readonly bool deletesFiles;
    private readonly SshPrivateKey? key;
    private readonly Ec2KeyPair? ec2;
    private readonly StepContext context;

    private KeyPairRemoval(
        CloudContext? cloud, string? region, KeyPairFolder folder, string name, bool deletesFiles, SshPrivateKey? key, Ec2KeyPair? ec2,
        StepContext context)
    {
        this.cloud = cloud;
        this.region = region;
        this.folder = folder;
        this.name = name;
        this.deletesFiles = deletesFiles;
        this.key = key;
        this.ec2 = ec2;
        this.context = context;
    }

    /// <summary>What the removal would do, as a verb phrase.</summary>
    public string Action => string.Join(" and ", new[]
    {
        ec2 is null ? null : $"delete the public key in EC2 ({ec2.Id})",
        deletesFiles
            ? $"permanently delete the private key {folder.PathOf(name)}{(folder.FindPutty(name) is null ? string.Empty : " and its .ppk")}"
            : null,
    }.Where(part => part is not null));

    /// <summary>What the removal applies to.</summary>
    public string Target => cloud is null ? name : $"{name} in {region} ({cloud.Where})";

    /// <summary>Checks whether a key pair can be removed.</summary>
    /// <param name="cloud">The cloud; null to remove only the private key.</param>
    /// <param name="region">The region of the public key.</param>
    /// <param name="folder">The folder with the private keys.</param>
    /// <param name="name">The name of the key pair.</param>
    /// <param name="options">The user's options.</param>
    /// <param name="context">Receives warnings about what could not be checked or deleted.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<KeyPairRemoval> PlanAsync(
        CloudContext? cloud, string? region, KeyPairFolder folder, string name, KeyPairRemovalOptions options, StepContext context,
        CancellationToken cancellationToken)
    {
        var mayDelete = !options.CloudOnly && folder.Has(name);
        Ec2KeyPair? there = null;
        if (cloud is not null)
        {
            await cloud.GetAccountAsync(cancellationToken);
            there = await Ec2KeyPair.FindAsync(cloud, region!, name, cancellationToken);
        }

        // EC2 also has key pairs that can have no file here. They are removed all the same.
        if (there is null)
        {
            KeyPairFolder.RequireName(name);
        }

        if (there is null && !mayDelete)
        {
            throw new SpotTrainerException("KeyPairNotFound", ErrorKind.ObjectNotFound,
                $"There is no key pair '{name}' in EC2{(region is null ? string.Empty : $" in {region}")}"
                + $"{(options.CloudOnly ? string.Empty : " or on this computer")}.",
                "List the key pairs with Get-TrainingKeyPair.", name);
        }

        if (there is { IsOurs: false } && !options.MayTakeOthers)
        {
            throw new SpotTrainerException("KeyPairNotOurs", ErrorKind.InvalidOperation,
                $"The module did not create the key pair '{name}' in {region}: the key pair does not have the module's tag.",
                $"Run Remove-TrainingKeyPair -Name '{name}' -Force to delete it anyway.", name);
        }

        if (cloud is not null && !options.Force)
        {
            await RequireUnusedAsync(cloud, region!, name, everywhere: mayDelete, cancellationToken);
        }

        return new KeyPairRemoval(
            cloud, region, folder, name, mayDelete, folder.Has(name)
                ? KeyPairList.TryRead(folder.PathOf(name), context)
                : null, there, context);
    }

    /// <summary>Removes the key pair and returns what is left of it.</summary>
    public async Task<TrainingKeyPair> RunAsync(CancellationToken cancellationToken)
    {
        if (ec2 is not null)
        {
            await ec2.DeleteAsync(cloud!, region!, context, cancellationToken);
        }

        if (deletesFiles && folder.Delete(name, key) is { } left)
        {
            context.Log.Warning($"{left} was kept, because it has a passphrase or holds another key. Delete it yourself if you do not need it.");
        }

        var state = !folder.Has(name)
            ? TrainingKeyPairState.Removed : key is null ? TrainingKeyPairState.Unreadable
            : TrainingKeyPairState.LocalOnly;
        return new TrainingKeyPair(cloud, region, folder, name, state, key, state == TrainingKeyPairState.Removed ? ec2 : null);
    }

    /// <summary>
    /// Throws if an instance that is not terminated uses the key pair: without the private key, nobody could log in there anymore. The
    /// private key serves every region. If it is deleted, all regions are checked.
    /// </summary>
    private static async Task RequireUnusedAsync(
        CloudContext cloud, string region, string name, bool everywhere, CancellationToken cancellationToken)
    {
        var regions = everywhere
            ? await cloud.GetRegionsAsync(cancellationToken)
            : [region];
        var users = (await Task.WhenAll(regions.Select(async other =>
        {
            try
            {
                return await FindUsersAsync(cloud, other, name, cancellationToken);
            }
            catch (Exception exception) when (other != region && !cancellationToken.IsCancellationRequested)
            {
                var error = ErrorTranslation.Translate(exception, other);
                throw new SpotTrainerException("KeyPairUseUnknown", error.Kind,
                    $"Instances in {other} may use the key pair '{name}', because {other} could not be checked: {error.Message}",
                    "Try again later. To remove the key pair anyway, use -Force: nobody can then log in to an instance that uses it.",
                    name, exception);
            }
        }))).SelectMany(found => found).ToArray();
        if (users.Length > 0)
        {
            throw new SpotTrainerException(
                "KeyPairInUse", ErrorKind.ResourceBusy, $"The key pair '{name}' is used by {string.Join(", ", users)}.",
                "Terminate them first with Remove-SpotTrainingInstance, or use -Force.", name);
        }
    }

    private static async Task<IReadOnlyList<string>> FindUsersAsync(
        CloudContext cloud, string region, string name, CancellationToken cancellationToken)
    {
        var request = new DescribeInstancesRequest
        {
            Filters = [new Filter("key-name", [name]), new Filter("instance-state-name", ["pending", "running", "stopping", "stopped"])],
        };
        var found = new List<string>();
        do
        {
            var page = await cloud.Ec2(region).DescribeInstancesAsync(request, cancellationToken);
            found.AddRange(page.Reservations.SelectMany(reservation => reservation.Instances)
                .Select(instance => $"{instance.InstanceId} ({instance.State.Name.Value} in {region})"));
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return found;
    }
}

/// <summary>The user's options for a removal.</summary>
/// <param name="CloudOnly">Keeps the private key.</param>
/// <param name="Force">Removes the key pair even if instances use it.</param>
/// <param name="MayTakeOthers">Removes the key pair in EC2 even without the module's tag.</param>
internal sealed record KeyPairRemovalOptions(bool CloudOnly, bool Force, bool MayTakeOthers);
