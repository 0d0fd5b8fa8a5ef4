using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>Spot requests. Each Spot instance has one.</summary>
internal static class SpotActions
{
    public static object?[] Describe(Ec2Call call)
    {
        var (page, next) = call.Paged(call.Filtered(Named(call), new Filters<Instance>
        {
            ["spot-instance-request-id"] = instance => [instance.SpotRequestId],
            ["instance-id"] = instance => [instance.Id],
            ["state"] = instance => [State(instance)],
            ["status-code"] = instance => [Status(instance).Code],
        }, instance => instance.SpotRequestId));
        return
        [
            Ec2Xml.Set("spotInstanceRequestSet", page, instance =>
            [
                Ec2Xml.Element("spotInstanceRequestId", instance.SpotRequestId), Ec2Xml.Optional("spotPrice", instance.MaxPrice),
                Ec2Xml.Element("type", "one-time"),
                Ec2Xml.Element("state", State(instance)),
                Ec2Xml.Element(
                    "status", Ec2Xml.Element("code", Status(instance).Code), Ec2Xml.Element("updateTime", Status(instance).Since)),
                Ec2Xml.Element("instanceId", instance.Id), Ec2Xml.Element("createTime", instance.LaunchTime),
                Ec2Xml.Element("productDescription", "Linux/UNIX"),
                TagActions.TagSet(call.Region, instance.SpotRequestId), Ec2Xml.Element("launchedAvailabilityZone", instance.Subnet.Zone),
                Ec2Xml.Element("instanceInterruptionBehavior", "terminate"),
            ]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    /// <summary>Cancels requests. Their instances keep running.</summary>
    public static object?[] Cancel(Ec2Call call)
    {
        if (call.Parameters.List("SpotInstanceRequestId").Count == 0)
        {
            throw AwsException.MissingParameter("SpotInstanceRequestId");
        }

        var requests = Named(call).ToArray();
        call.EndDryRun();
        foreach (var request in requests.Where(request => !request.Ended))
        {
            request.SpotRequestCancelled ??= call.Now;
        }

        return
        [
            Ec2Xml.Set("spotInstanceRequestSet", requests, request =>
                [Ec2Xml.Element("spotInstanceRequestId", request.SpotRequestId),
                    Ec2Xml.Element("state", request.SpotRequestCancelled is null ? "completed" : "cancelled")]),
        ];
    }

    private static IEnumerable<Instance> Named(Ec2Call call) => call.Named(
        "SpotInstanceRequestId", call.Instances.Where(instance => instance.Spot), instance =>
            instance.SpotRequestId, "InvalidSpotInstanceRequestID.NotFound");

    private static string State(Instance instance) =>
        instance.SpotRequestCancelled is not null ? "cancelled" : instance.Ended ? "closed" : "active";

    private static (string Code, DateTimeOffset Since) Status(Instance instance) => instance switch
    {
        { EndedByEc2: true, Interruption: Interruption.Price } => ("instance-terminated-by-price", instance.ComputeEnd!.Value),
        { EndedByEc2: true } => ("instance-terminated-no-capacity", instance.ComputeEnd!.Value),
        { ComputeEnd: { } end } => ("instance-terminated-by-user", end),
        { Interruption: not null } => ("marked-for-termination", instance.InterruptionNoticed!.Value),
        { SpotRequestCancelled: { } cancelled } => ("request-canceled-and-instance-running", cancelled),
        _ => ("fulfilled", instance.LaunchTime),
    };
}
