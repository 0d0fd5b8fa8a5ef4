using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>
/// Removes a key pair. It is looked at first, so that what stands in the way is known before anybody is asked; then EC2's half goes, and
/// the private half last: a failure leaves the one file that can't be made again.
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
        CloudContext? cloud, string? region, KeyPairFolder folder, string name, bool deletesFiles, SshPrivateKey? key, Ec2KeyPair? ec2, StepContext context)
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

    /// <summary>What it would do, as a verb phrase.</summary>
    public string Action => string.Join(" and ", new[]
    {
        ec2 is null ? null : $"delete the public half in EC2 ({ec2.Id})",
        deletesFiles ? $"delete the private half {folder.PathOf(name)}{(folder.FindPutty(name) is null ? string.Empty : ", with its .ppk,")} for good" : null,
    }.Where(part => part is not null));

    /// <summary>What it would do that to.</summary>
    public string Target => cloud is null ? name : $"{name} in {region} ({cloud.Where})";

    /// <summary>Looks at a pair.</summary>
    /// <param name="cloud">The cloud; null where it has nothing of the pair.</param>
    /// <param name="region">The region of EC2's half.</param>
    /// <param name="folder">Where private halves are.</param>
    /// <param name="name">The pair's name.</param>
    /// <param name="options">What the user said about it.</param>
    /// <param name="context">Is told what could not be seen to.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<KeyPairRemoval> PlanAsync(
        CloudContext? cloud, string? region, KeyPairFolder folder, string name, KeyPairRemovalOptions options, StepContext context, CancellationToken cancellationToken)
    {
        KeyPairFolder.RequireName(name);
        var mayDelete = !options.CloudOnly && folder.Has(name);
        Ec2KeyPair? there = null;
        if (cloud is not null)
        {
            await cloud.GetAccountAsync(cancellationToken);
            there = await Ec2KeyPair.FindAsync(cloud, region!, name, cancellationToken);
        }

        if (there is null && !mayDelete)
        {
            throw new SpotTrainerException("KeyPairNotFound", ErrorKind.ObjectNotFound,
                $"There is no key pair '{name}' in EC2{(region is null ? string.Empty : $" in {region}")}{(options.CloudOnly ? string.Empty : " or on this computer")}.",
                "See what there is with Get-TrainingKeyPair.", name);
        }

        if (there is { IsOurs: false } && !options.MayTakeOthers)
        {
            throw new SpotTrainerException("KeyPairNotOurs", ErrorKind.InvalidOperation,
                $"The key pair '{name}' in EC2 in {region} was not made by the module: it lacks its tag.",
                $"If it may go, name it: Remove-TrainingKeyPair -Name '{name}' -Force.", name);
        }

        if (cloud is not null && !options.Force)
        {
            await RequireUnusedAsync(cloud, region!, name, everywhere: mayDelete, context, cancellationToken);
        }

        return new KeyPairRemoval(cloud, region, folder, name, mayDelete, folder.Has(name) ? KeyPairList.TryRead(folder.PathOf(name), context) : null, there, context);
    }

    /// <summary>Does it, and gives what is left.</summary>
    public async Task<TrainingKeyPair> RunAsync(CancellationToken cancellationToken)
    {
        if (ec2 is not null)
        {
            await ec2.DeleteAsync(cloud!, region!, cancellationToken);
        }

        if (deletesFiles && folder.Delete(name, key) is { } left)
        {
            context.Log.Warning($"{left} stays: it can't be read without its passphrase, or holds another key.");
        }

        var state = !folder.Has(name) ? TrainingKeyPairState.Removed : key is null ? TrainingKeyPairState.Unreadable : TrainingKeyPairState.LocalOnly;
        return new TrainingKeyPair(cloud, region, folder, name, state, key, state == TrainingKeyPairState.Removed ? ec2 : null);
    }

    /// <summary>
    /// Throws when an instance that is not gone has the pair. With its private half nobody could log in there any more, and that half
    /// serves every region: then all of them are asked.
    /// </summary>
    private static async Task RequireUnusedAsync(
        CloudContext cloud, string region, string name, bool everywhere, StepContext context, CancellationToken cancellationToken)
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
            catch (Exception exception) when (other != region && exception is not OperationCanceledException)
            {
                context.Log.Warning($"{other} could not be asked whether an instance there uses the key pair: {ErrorTranslation.Translate(exception, other).Message}");
                return [];
            }
        }))).SelectMany(found => found).ToArray();
        if (users.Length > 0)
        {
            throw new SpotTrainerException("KeyPairInUse", ErrorKind.ResourceBusy, $"The key pair '{name}' is used by {string.Join(", ", users)}.",
                "End them first with Remove-SpotTrainingInstance, or give -Force.", name);
        }
    }

    private static async Task<IReadOnlyList<string>> FindUsersAsync(CloudContext cloud, string region, string name, CancellationToken cancellationToken)
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

/// <summary>What a user says about a removal.</summary>
/// <param name="CloudOnly">The private half stays.</param>
/// <param name="Force">Also where instances use the pair.</param>
/// <param name="MayTakeOthers">Also where the pair in EC2 lacks the module's tag.</param>
internal sealed record KeyPairRemovalOptions(bool CloudOnly, bool Force, bool MayTakeOthers);
