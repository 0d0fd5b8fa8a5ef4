using System.Globalization;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>
/// The port of an instance's Jupyter, open to the caller by a security group of that instance alone. The group is deleted when the port is
/// closed, and with the instance.
/// </summary>
internal static class InstanceDoor
{
    /// <summary>The tag that says whose group it is.</summary>
    public const string InstanceTag = "spottrainer:instance";

    /// <summary>What the group's tag says that it is for.</summary>
    public const string Purpose = "jupyter";

    /// <summary>How long the closing of a door may keep a user waiting who pressed Ctrl+C.</summary>
    private static readonly TimeSpan CleanupTimeout = TimeSpan.FromSeconds(6);

    private static readonly Filter GroupFilter = new("tag:" + SecurityGroupStore.Tag, [Purpose]);

    /// <summary>
    /// Opens a port. The group gets its rule before the instance gets the group: until that last call the door is closed, and what an end
    /// half way leaves is a group that nobody has.
    /// </summary>
    /// <param name="instance">The instance.</param>
    /// <param name="port">The port.</param>
    /// <param name="cidr">The range that is let in.</param>
    /// <param name="own">Whether that is this computer's own address, whose older ones are then let in no longer.</param>
    /// <param name="log">Where it tells.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task OpenAsync(SpotTrainingInstance instance, int port, string cidr, bool own, IStepLog log, CancellationToken cancellationToken)
    {
        var ec2 = instance.Cloud.Ec2(instance.Region);
        await SweepAsync(instance.Cloud, instance.Region, log, cancellationToken);
        if ((await GroupsAsync(ec2, instance, cancellationToken)).Exists(known => SecurityGroupStore.PortOf(known) != port))
        {
            await CloseAsync(instance, cancellationToken);
        }

        var machine = await InstanceReader.FindAsync(instance.Cloud, instance.Region, instance.InstanceId, cancellationToken);
        var name = $"spottrainer-jupyter-{instance.InstanceId}";
        var group = await SecurityGroupStore.FindAsync(ec2, machine.VpcId, name, cancellationToken) ?? await SecurityGroupStore.MakeAsync(
            ec2, machine.VpcId, name, $"SpotTrainer: Jupyter of {instance.InstanceId} from the address of the caller alone",
            [
                new Tag(SecurityGroupStore.Tag, Purpose), new Tag(InstanceTag, instance.InstanceId), new Tag(InstanceTags.Owner, instance.Owner),
                new Tag(SecurityGroupStore.PortTag, port.ToString(CultureInfo.InvariantCulture)),
            ], cancellationToken);
        await SecurityGroupStore.AllowAsync(ec2, group, cidr, own, log, cancellationToken);
        if (!machine.SecurityGroups.Exists(known => known.GroupId == group.GroupId))
        {
            await NewlyMade.UseAsync(
                () => SetGroupsAsync(ec2, instance, [.. machine.SecurityGroups.Select(known => known.GroupId), group.GroupId], cancellationToken), cancellationToken);
        }

        log.Information($"{instance}: port {port} is open to {cidr}, by the security group {group.GroupId} of this machine alone.");
    }

    /// <summary>Closes what is open, also after Ctrl+C, and then deletes the group.</summary>
    public static async Task CloseAsync(SpotTrainingInstance instance, CancellationToken cancellationToken)
    {
        var ec2 = instance.Cloud.Ec2(instance.Region);
        using var limit = new CancellationTokenSource(CleanupTimeout);
        var groups = await GroupsAsync(ec2, instance, limit.Token);
        if (groups.Count == 0)
        {
            return;
        }

        var machine = await InstanceReader.FindAsync(instance.Cloud, instance.Region, instance.InstanceId, limit.Token);
        var left = machine.SecurityGroups.Select(known => known.GroupId).Where(id => !groups.Exists(group => group.GroupId == id)).ToList();
        if (left.Count < machine.SecurityGroups.Count)
        {
            await SetGroupsAsync(ec2, instance, left, limit.Token);
        }

        foreach (var group in groups)
        {
            await DeleteAsync(ec2, group, cancellationToken);
        }
    }

    /// <summary>
    /// Deletes the groups of a region's instances that have ended, also of those that ended by themselves. What can't be deleted is told
    /// and no more: it lets nobody in anywhere, and costs nothing.
    /// </summary>
    public static async Task SweepAsync(CloudContext cloud, string region, IStepLog log, CancellationToken cancellationToken)
    {
        var ec2 = cloud.Ec2(region);
        try
        {
            var groups = await GroupsAsync(ec2, [GroupFilter], cancellationToken);
            if (groups.Count == 0)
            {
                return;
            }

            var living = (await ec2.DescribeInstancesAsync(new DescribeInstancesRequest
            {
                Filters =
                [
                    new Filter("instance-id", [.. groups.Select(InstanceOf).Distinct(StringComparer.Ordinal)]),
                    InstanceReader.LivingFilter,
                ],
            }, cancellationToken)).Reservations.SelectMany(reservation => reservation.Instances).Select(instance => instance.InstanceId).ToArray();
            foreach (var group in groups.Where(group => !living.Contains(InstanceOf(group), StringComparer.Ordinal)))
            {
                await DeleteAsync(ec2, group, cancellationToken);
                log.Verbose($"Deleted the security group {group.GroupId} of {InstanceOf(group)}, which has ended.");
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            log.Warning($"Security groups of ended machines in {region} could not be deleted (Clear-SpotTrainingResource tries again): {AwsErrors.Translate(exception, region).Message}");
        }
    }

    private static string InstanceOf(SecurityGroup group) => group.Tags.Find(tag => tag.Key == InstanceTag)?.Value ?? string.Empty;

    private static Task<List<SecurityGroup>> GroupsAsync(IAmazonEC2 ec2, SpotTrainingInstance instance, CancellationToken cancellationToken) =>
        GroupsAsync(ec2, [GroupFilter, new Filter("tag:" + InstanceTag, [instance.InstanceId])], cancellationToken);

    private static async Task<List<SecurityGroup>> GroupsAsync(IAmazonEC2 ec2, List<Filter> filters, CancellationToken cancellationToken) =>
        (await ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { Filters = filters }, cancellationToken)).SecurityGroups;

    private static Task<ModifyInstanceAttributeResponse> SetGroupsAsync(IAmazonEC2 ec2, SpotTrainingInstance instance, List<string> groups, CancellationToken cancellationToken) =>
        ec2.ModifyInstanceAttributeAsync(new ModifyInstanceAttributeRequest { InstanceId = instance.InstanceId, Groups = groups }, cancellationToken);

    private static Task DeleteAsync(IAmazonEC2 ec2, SecurityGroup group, CancellationToken cancellationToken) => Removal.WhenFreeAsync(
        () => ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupId = group.GroupId }, cancellationToken), cancellationToken);
}
