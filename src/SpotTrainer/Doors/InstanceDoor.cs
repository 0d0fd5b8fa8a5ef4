using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Doors;

/// <summary>
/// A door of one instance, opened by a security group that only this instance uses. The group is deleted when the door is closed or the
/// instance is removed.
/// </summary>
/// <param name="cloud">The cloud.</param>
/// <param name="region">The region.</param>
/// <param name="instanceId">EC2's ID of the instance.</param>
/// <param name="owner">Who launched the instance, for the group's tag.</param>
/// <param name="purpose">The purpose of the door, in lowercase.</param>
internal sealed class InstanceDoor(CloudContext cloud, string region, string instanceId, string owner, string purpose)
{
    /// <summary>The tag that says which instance a group belongs to.</summary>
    public const string InstanceTag = "spottrainer:instance";

    /// <summary>The time limit of closing a door, which is done even after Ctrl+C.</summary>
    private static readonly TimeSpan CleanupTimeout = TimeSpan.FromSeconds(6);

    private IAmazonEC2 Ec2 => cloud.Ec2(region);

    /// <summary>
    /// Opens ports. The group gets its rule before the instance gets the group. So the door stays closed until the last call, and an
    /// interruption leaves at most a group that nothing uses.
    /// </summary>
    /// <param name="firstPort">The first port.</param>
    /// <param name="lastPort">The last port.</param>
    /// <param name="cidr">The address range to let in.</param>
    /// <param name="own">Whether that is this computer's own address. If so, its earlier addresses are no longer let in.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task OpenAsync(
        int firstPort, int lastPort, string cidr, bool own, StepContext context, CancellationToken cancellationToken)
    {
        var door = new Door(purpose, firstPort, lastPort);
        await SweepAsync(cloud, region, context, cancellationToken);
        if ((await GroupsAsync(cancellationToken)).Exists(known => Door.Of(known) != door))
        {
            await CloseAsync(context, cancellationToken);
        }

        var machine = await Ec2Instances.FindAsync(cloud, region, instanceId, cancellationToken);
        var name = $"spottrainer-{purpose}-{instanceId}";
        var group = await SecurityGroupStore.FindAsync(Ec2, machine.VpcId, name, cancellationToken) ?? await SecurityGroupStore.MakeAsync(
            Ec2, machine.VpcId, name, $"SpotTrainer: {purpose} of {instanceId}, only from the address of the caller",
            [.. door.Tags(), new Tag(InstanceTag, instanceId), new Tag(ModuleTags.Owner, owner)], context, cancellationToken);
        await SecurityGroupStore.AllowAsync(Ec2, group, cidr, own, context, cancellationToken);
        if (!machine.SecurityGroups.Exists(known => known.GroupId == group.GroupId))
        {
            await NewlyMade.UseAsync(
                context, () => SetGroupsAsync([.. machine.SecurityGroups.Select(known => known.GroupId), group.GroupId], cancellationToken),
                cancellationToken);
        }

        context.Log.Information(
            $"{instanceId}: port {door.Ports} is open to {cidr}. The security group {group.GroupId} is used by this instance only.");
    }

    /// <summary>Closes the door, even after Ctrl+C, and then deletes the group.</summary>
    public async Task CloseAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var limit = context.Cleanup.Until(1, CleanupTimeout);
        var groups = await GroupsAsync(limit.Token);
        if (groups.Count == 0)
        {
            return;
        }

        var machine = await Ec2Instances.FindAsync(cloud, region, instanceId, limit.Token);
        var left = machine.SecurityGroups.Select(known => known.GroupId).Where(id => !groups.Exists(group => group.GroupId == id)).ToList();
        if (left.Count < machine.SecurityGroups.Count)
        {
            await SetGroupsAsync(left, limit.Token);
        }

        foreach (var group in groups)
        {
            await DeleteAsync(Ec2, group, context, cancellationToken);
        }
    }

    /// <summary>
    /// Deletes the groups of a region's ended instances, however they ended. If a group cannot be deleted, that is only a warning: it lets
    /// nobody in and costs nothing.
    /// </summary>
    public static async Task SweepAsync(CloudContext cloud, string region, StepContext context, CancellationToken cancellationToken)
    {
        var ec2 = cloud.Ec2(region);
        try
        {
            var groups = await GroupsAsync(ec2, [new Filter("tag-key", [InstanceTag])], cancellationToken);
            if (groups.Count == 0)
            {
                return;
            }

            var living = new HashSet<string>(StringComparer.Ordinal);
            foreach (var some in Ec2Instances.ById(groups.Select(InstanceOf).Distinct(StringComparer.Ordinal), Ec2Instances.Living.Values.Count))
            {
                var answer = await ec2.DescribeInstancesAsync(
                    new DescribeInstancesRequest { Filters = [some, Ec2Instances.Living] }, cancellationToken);
                living.UnionWith(answer.Reservations.SelectMany(reservation => reservation.Instances).Select(instance => instance.InstanceId));
            }

            foreach (var group in groups.Where(group => !living.Contains(InstanceOf(group))))
            {
                await DeleteAsync(ec2, group, context, cancellationToken);
                context.Log.Verbose($"Deleted the security group {group.GroupId} of {InstanceOf(group)}, which has ended.");
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            context.Log.Warning($"Security groups of ended instances in {region} could not be deleted: "
                + $"{ErrorTranslation.Translate(exception, region).Message} Run Clear-SpotTrainingResource to try again.");
        }
    }

    private static string InstanceOf(SecurityGroup group) => group.Tags.Find(tag => tag.Key == InstanceTag)?.Value ?? string.Empty;

    private Task<List<SecurityGroup>> GroupsAsync(CancellationToken cancellationToken) =>
        GroupsAsync(
            Ec2, [new Filter("tag:" + Door.PurposeTag, [purpose]), new Filter("tag:" + InstanceTag, [instanceId])], cancellationToken);

    private static async Task<List<SecurityGroup>> GroupsAsync(IAmazonEC2 ec2, List<Filter> filters, CancellationToken cancellationToken) =>
        (await ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { Filters = filters }, cancellationToken)).SecurityGroups;

    private Task<ModifyInstanceAttributeResponse> SetGroupsAsync(List<string> groups, CancellationToken cancellationToken) =>
        Ec2.ModifyInstanceAttributeAsync(
            new ModifyInstanceAttributeRequest { InstanceId = instanceId, Groups = groups }, cancellationToken);

    private static Task DeleteAsync(
        IAmazonEC2 ec2, SecurityGroup group, StepContext context, CancellationToken cancellationToken) => Removal.WhenFreeAsync(
        context, () => ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupId = group.GroupId }, cancellationToken),
        cancellationToken);
}
