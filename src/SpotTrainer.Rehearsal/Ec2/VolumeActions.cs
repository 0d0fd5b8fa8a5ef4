using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>The root disks of instances. A disk without DeleteOnTermination remains when its instance has ended.</summary>
internal static class VolumeActions
{
    public static object?[] Describe(Ec2Call call)
    {
        var (page, next) = call.Paged(call.Filtered(call.Named("VolumeId", Volumes(call), volume => volume.VolumeId, "InvalidVolume.NotFound"), new Filters<Instance>
        {
            ["volume-id"] = volume => [volume.VolumeId],
            ["attachment.instance-id"] = volume => volume.Ended ? [] : [volume.Id],
            ["availability-zone"] = volume => [volume.Subnet.Zone],
            ["status"] = volume => [Status(volume)],
            ["encrypted"] = volume => [volume.Options.Encrypted ? "true" : "false"],
            ["volume-type"] = volume => [volume.Options.VolumeType],
        }, volume => volume.VolumeId));
        return
        [
            Ec2Xml.Set("volumeSet", page, volume =>
            [
                Ec2Xml.Element("volumeId", volume.VolumeId), Ec2Xml.Element("size", volume.VolumeSizeGiB),
                Ec2Xml.Element("availabilityZone", volume.Subnet.Zone),
                Ec2Xml.Element("status", Status(volume)), Ec2Xml.Element("createTime", volume.LaunchTime),
                Ec2Xml.Element("volumeType", volume.Options.VolumeType),
                Ec2Xml.Element("encrypted", volume.Options.Encrypted),
                Ec2Xml.Set("attachmentSet", volume.Ended ? [] : new[] { volume }, attached =>
                [
                    Ec2Xml.Element("volumeId", attached.VolumeId), Ec2Xml.Element("instanceId", attached.Id),
                    Ec2Xml.Element("device", attached.Image.RootDeviceName),
                    Ec2Xml.Element("status", "attached"), Ec2Xml.Element("attachTime", attached.LaunchTime),
                    Ec2Xml.Element("deleteOnTermination", attached.Options.DeleteOnTermination),
                ]),
                TagActions.TagSet(call.Region, volume.VolumeId),
            ]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    public static object?[] Delete(Ec2Call call)
    {
        var id = call.Parameters.Required("VolumeId");
        var volume = Volumes(call).FirstOrDefault(known => known.VolumeId == id)
            ?? throw new AwsException("InvalidVolume.NotFound", $"The volume '{id}' does not exist.");
        if (!volume.Ended)
        {
            throw new AwsException("VolumeInUse", $"Volume {id} is currently attached to {volume.Id}");
        }

        call.EndDryRun();
        volume.VolumeEnd = call.Now;
        call.Region.Tags.Remove(id);
        return [Ec2Xml.Element("return", true)];
    }

    /// <summary>The existing volumes, each as the instance that it was created for.</summary>
    public static IEnumerable<Instance> Volumes(Ec2Call call) =>
        call.Region.Instances.Values.Where(instance => instance.VisibleFrom <= call.Now && instance.VolumeEnd is null);

    private static string Status(Instance volume) => volume.Ended ? "available" : "in-use";
}
