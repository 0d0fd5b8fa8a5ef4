using System.Globalization;
using System.Text;
using SpotTrainer.Rehearsal.Endpoint;
using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>Launching, describing and ending instances, with their volumes, Spot requests and consoles.</summary>
internal static class InstanceActions
{
    /// <summary>No more machines at once than this computer can carry.</summary>
    private const int MaxCount = 8;

    /// <summary>EC2's own limit of user data.</summary>
    private const int MaxUserData = 16 * 1024;

    private static readonly Filters<Instance> InstanceFilters = new()
    {
        ["instance-id"] = instance => [instance.Id],
        ["instance-state-name"] = instance => [Instance.Word(instance.State)],
        ["instance-state-code"] = instance => [((int)instance.State).ToString(CultureInfo.InvariantCulture)],
        ["instance-type"] = instance => [instance.Type.Name],
        ["instance-lifecycle"] = instance => instance.Spot ? ["spot"] : [],
        ["availability-zone"] = instance => [instance.Subnet.Zone],
        ["image-id"] = instance => [instance.Image.Id],
        ["key-name"] = instance => [instance.KeyName ?? string.Empty],
        ["client-token"] = instance => [instance.ClientToken],
        ["private-ip-address"] = instance => [instance.Machine?.PrivateIpAddress ?? string.Empty],
        ["ip-address"] = instance => [instance.Machine?.PublicIpAddress ?? string.Empty],
        ["instance.group-id"] = instance => instance.Groups.Select(group => group.Id),
        ["instance.group-name"] = instance => instance.Groups.Select(group => group.Name),
        ["reservation-id"] = instance => [instance.ReservationId],
        ["spot-instance-request-id"] = instance => instance.Spot ? [instance.SpotRequestId] : [],
        ["subnet-id"] = instance => [instance.Subnet.Id],
        ["vpc-id"] = instance => [instance.VpcId],
    };

    public static object?[] Run(Ec2Call call)
    {
        var parameters = call.Parameters;
        var token = parameters["ClientToken"] ?? string.Empty;
        var text = parameters.ToString();
        if (token.Length > 0 && call.Region.Tokens.TryGetValue(token, out var before))
        {
            return before.Call == text
                ? ReservationXml(call, before.Made)
                : throw new AwsException("IdempotentParameterMismatch", "The client token you have provided is associated with a resource that has different parameters.");
        }

        var type = call.Market.Types(call.Region.Name).FirstOrDefault(known => known.Name == parameters.Required("InstanceType"))
            ?? throw new AwsException("InvalidParameterValue", $"Invalid value '{parameters["InstanceType"]}' for InstanceType.");
        var image = ImageActions.Find(call.Region.Name, parameters.Required("ImageId"));
        if (!type.Architectures.Contains(image.Architecture, StringComparer.Ordinal))
        {
            throw AwsException.InvalidParameterValue($"The architecture '{string.Join(',', type.Architectures)}' of the specified instance type does not match the architecture '{image.Architecture}' of the specified AMI.");
        }

        var keyName = parameters["KeyName"];
        KeyPair? pair = null;
        if (keyName is not null && !call.Region.KeyPairs.TryGetValue(keyName, out pair))
        {
            throw new AwsException("InvalidKeyPair.NotFound", $"The key pair '{keyName}' does not exist");
        }

        var subnet = FindSubnet(call, type);
        var groups = FindGroups(call);
        var userData = DecodeUserData(parameters["UserData"]);
        var market = parameters["InstanceMarketOptions.MarketType"];
        var spot = market switch
        {
            "spot" => true,
            null => false,
            _ => throw AwsException.InvalidParameterValue($"Invalid value '{market}' for MarketType."),
        };
        var maxPrice = parameters["InstanceMarketOptions.SpotOptions.MaxPrice"];
        RequirePrice(call, type, subnet.Zone, spot ? maxPrice : null);
        var options = LaunchOptions.Read(parameters, image.RootDeviceName);
        var count = Count(parameters);
        var reservation = Ids.New("r");
        var made = Enumerable.Range(0, count).Select(_ => new Instance
        {
            Id = Ids.New("i"),
            ReservationId = reservation,
            Type = type,
            Image = image,
            Subnet = subnet,
            VpcId = call.Region.VpcId,
            Groups = groups,
            KeyName = keyName,
            ClientToken = token,
            LaunchTime = call.Now,
            VolumeSizeGiB = VolumeSize(call, image),
            Spot = spot,
            StopsOnShutdown = parameters["InstanceInitiatedShutdownBehavior"] != "terminate" && !spot,
            MaxPrice = maxPrice,
            Options = options,
        }).ToArray();
        foreach (var instance in made)
        {
            call.Region.Instances[instance.Id] = instance;
            call.TagNew("instance", instance.Id);
            call.TagNew("volume", instance.VolumeId);
            call.TagNew("network-interface", instance.NetworkInterfaceId);
            if (spot)
            {
                call.TagNew("spot-instances-request", instance.SpotRequestId);
            }

            call.Machines.Start(call.Region, instance, userData, pair?.PublicKey);
        }

        if (token.Length > 0)
        {
            call.Region.Tokens[token] = (text, made);
        }

        return ReservationXml(call, made);
    }

    public static object?[] Describe(Ec2Call call)
    {
        var named = NamedInstances(call);
        var (page, next) = call.Paged(call.Filtered(named, InstanceFilters, instance => instance.Id));
        return
        [
            Ec2Xml.Set("reservationSet", page.GroupBy(instance => instance.ReservationId, StringComparer.Ordinal), group =>
                ReservationXml(call, group.ToArray())),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    public static object?[] DescribeStatus(Ec2Call call)
    {
        var all = call.Parameters.Boolean("IncludeAllInstances") ?? false;
        var named = NamedInstances(call).Where(instance => all || instance.State is InstanceState.Running);
        var (page, next) = call.Paged(call.Filtered(named, InstanceFilters, instance => instance.Id));
        return
        [
            Ec2Xml.Set("instanceStatusSet", page, instance =>
            [
                Ec2Xml.Element("instanceId", instance.Id), Ec2Xml.Element("availabilityZone", instance.Subnet.Zone),
                Instance.StateXml("instanceState", instance.State),
                Ec2Xml.Element("systemStatus", Ec2Xml.Element("status", Status(instance))), Ec2Xml.Element("instanceStatus", Ec2Xml.Element("status", Status(instance))),
            ]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    public static object?[] DescribeCredits(Ec2Call call)
    {
        var (page, next) = call.Paged(NamedInstances(call).Where(instance => instance.Type.Burstable && !instance.Ended));
        return
        [
            Ec2Xml.Set("instanceCreditSpecificationSet", page, instance =>
                [Ec2Xml.Element("instanceId", instance.Id), Ec2Xml.Element("cpuCredits", instance.Options.CpuCredits)]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    public static object?[] Terminate(Ec2Call call)
    {
        var instances = NamedInstances(call).ToArray();
        if (call.Parameters.List("InstanceId").Count == 0)
        {
            throw AwsException.MissingParameter("InstanceId");
        }

        return
        [
            Ec2Xml.Set("instancesSet", instances.Select(instance =>
            {
                var before = instance.State;
                call.Machines.Terminate(instance);
                return (instance.Id, Before: before, Now: instance.State);
            }).ToArray(), change =>
            [
                Ec2Xml.Element("instanceId", change.Id), Instance.StateXml("currentState", change.Now), Instance.StateXml("previousState", change.Before),
            ]),
        ];
    }

    public static object?[] GetConsoleOutput(Ec2Call call)
    {
        var id = call.Parameters.Required("InstanceId");
        var instance = call.Region.Instances.GetValueOrDefault(id) ?? throw NotFound(id);
        var output = instance.Machine?.ConsoleOutput ?? instance.LastConsole;
        return
        [
            Ec2Xml.Element("instanceId", id), Ec2Xml.Element("timestamp", call.Now),
            Ec2Xml.Element("output", Convert.ToBase64String(Encoding.UTF8.GetBytes(output))),
        ];
    }

    public static object?[] DescribeVolumes(Ec2Call call)
    {
        var volumes = call.Named("VolumeId", call.Region.Instances.Values.Where(instance => !instance.Ended), instance => instance.VolumeId, "InvalidVolume.NotFound");
        var (page, next) = call.Paged(call.Filtered(volumes, new Filters<Instance>
        {
            ["volume-id"] = instance => [instance.VolumeId],
            ["attachment.instance-id"] = instance => [instance.Id],
            ["availability-zone"] = instance => [instance.Subnet.Zone],
            ["status"] = _ => ["in-use"],
        }, instance => instance.VolumeId));
        return
        [
            Ec2Xml.Set("volumeSet", page, instance =>
            [
                Ec2Xml.Element("volumeId", instance.VolumeId), Ec2Xml.Element("size", instance.VolumeSizeGiB), Ec2Xml.Element("availabilityZone", instance.Subnet.Zone),
                Ec2Xml.Element("status", "in-use"), Ec2Xml.Element("createTime", instance.LaunchTime), Ec2Xml.Element("volumeType", instance.Options.VolumeType), Ec2Xml.Element("encrypted", instance.Options.Encrypted),
                Ec2Xml.Set("attachmentSet", [instance], attached =>
                [
                    Ec2Xml.Element("volumeId", attached.VolumeId), Ec2Xml.Element("instanceId", attached.Id), Ec2Xml.Element("device", attached.Image.RootDeviceName),
                    Ec2Xml.Element("status", "attached"), Ec2Xml.Element("attachTime", attached.LaunchTime), Ec2Xml.Element("deleteOnTermination", attached.Options.DeleteOnTermination),
                ]),
                TagActions.TagSet(call.Region, instance.VolumeId),
            ]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    public static object?[] DescribeSpotRequests(Ec2Call call)
    {
        var requests = call.Named(
            "SpotInstanceRequestId", call.Region.Instances.Values.Where(instance => instance.Spot), instance => instance.SpotRequestId, "InvalidSpotInstanceRequestID.NotFound");
        var (page, next) = call.Paged(call.Filtered(requests, new Filters<Instance>
        {
            ["spot-instance-request-id"] = instance => [instance.SpotRequestId],
            ["instance-id"] = instance => [instance.Id],
            ["state"] = instance => [SpotState(instance)],
        }, instance => instance.SpotRequestId));
        return
        [
            Ec2Xml.Set("spotInstanceRequestSet", page, instance =>
            [
                Ec2Xml.Element("spotInstanceRequestId", instance.SpotRequestId), Ec2Xml.Optional("spotPrice", instance.MaxPrice), Ec2Xml.Element("type", "one-time"),
                Ec2Xml.Element("state", SpotState(instance)),
                Ec2Xml.Element("status", Ec2Xml.Element("code", instance.Ended ? "instance-terminated-by-user" : "fulfilled"), Ec2Xml.Element("updateTime", instance.LaunchTime)),
                Ec2Xml.Element("instanceId", instance.Id), Ec2Xml.Element("createTime", instance.LaunchTime), Ec2Xml.Element("productDescription", "Linux/UNIX"),
                TagActions.TagSet(call.Region, instance.SpotRequestId), Ec2Xml.Element("launchedAvailabilityZone", instance.Subnet.Zone),
                Ec2Xml.Element("instanceInterruptionBehavior", instance.Options.InterruptionBehavior),
            ]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    private static IEnumerable<Instance> NamedInstances(Ec2Call call)
    {
        foreach (var id in call.Parameters.List("InstanceId"))
        {
            if (!id.StartsWith("i-", StringComparison.Ordinal) || !id[2..].All(char.IsAsciiHexDigitLower))
            {
                throw new AwsException("InvalidInstanceID.Malformed", $"Invalid id: \"{id}\"");
            }

            if (!call.Region.Instances.ContainsKey(id))
            {
                throw NotFound(id);
            }
        }

        return call.Named("InstanceId", call.Region.Instances.Values, instance => instance.Id, "InvalidInstanceID.NotFound");
    }

    private static AwsException NotFound(string id) => new("InvalidInstanceID.NotFound", $"The instance ID '{id}' does not exist");

    private static string Status(Instance instance) => instance.State is InstanceState.Running ? "ok" : "not-applicable";

    private static string SpotState(Instance instance) => instance.Ended ? "closed" : "active";

    private static object?[] ReservationXml(Ec2Call call, IReadOnlyList<Instance> instances) =>
    [
        Ec2Xml.Element("reservationId", instances[0].ReservationId), Ec2Xml.Element("ownerId", call.Account), Ec2Xml.Element("groupSet"),
        Ec2Xml.Set("instancesSet", instances, instance => instance.ToXml(call.Region, call.Account)),
    ];

    private static Subnet FindSubnet(Ec2Call call, MarketType type)
    {
        var id = call.Parameters["SubnetId"] ?? call.Parameters.Groups("NetworkInterface").Select(network => network["SubnetId"]).FirstOrDefault();
        var zone = call.Parameters["Placement.AvailabilityZone"];
        var subnet = call.Region.Subnets.FirstOrDefault(known => id is not null ? known.Id == id : zone is not null ? known.Zone == zone : MarketTable.IsOffered(type, known.Zone))
            ?? throw (id is null
                ? AwsException.InvalidParameterValue($"Invalid availability zone: [{zone}]")
                : new AwsException("InvalidSubnetID.NotFound", $"The subnet ID '{id}' does not exist"));
        return MarketTable.IsOffered(type, subnet.Zone)
            ? subnet
            : throw new AwsException("Unsupported", $"Your requested instance type ({type.Name}) is not supported in your requested Availability Zone ({subnet.Zone}).");
    }

    private static IReadOnlyList<SecurityGroup> FindGroups(Ec2Call call)
    {
        var ids = call.Parameters.List("SecurityGroupId").Concat(call.Parameters.Groups("NetworkInterface").SelectMany(network => network.List("SecurityGroupId")));
        var groups = ids.Select(id => NetworkActions.Find(call.Region, id, name: null))
            .Concat(call.Parameters.List("SecurityGroup").Select(name => NetworkActions.Find(call.Region, id: null, name))).ToArray();
        return groups.Length > 0 ? groups : [NetworkActions.Find(call.Region, id: null, "default")];
    }

    private static int Count(QueryParameters parameters)
    {
        var (least, most) = (parameters.Integer("MinCount") ?? 1, parameters.Integer("MaxCount") ?? 1);
        return least >= 1 && most >= least && most <= MaxCount
            ? most
            : throw AwsException.InvalidParameterValue($"MinCount {least} and MaxCount {most} must be from 1 to {MaxCount}, and the one not more than the other.");
    }

    private static string DecodeUserData(string? base64)
    {
        try
        {
            var bytes = Convert.FromBase64String(base64 ?? string.Empty);
            return bytes.Length <= MaxUserData ? Encoding.UTF8.GetString(bytes) : throw AwsException.InvalidParameterValue("User data is limited to 16384 bytes");
        }
        catch (FormatException)
        {
            throw AwsException.InvalidParameterValue("Invalid BASE64 encoding of user data.");
        }
    }

    private static int VolumeSize(Ec2Call call, MachineImageEntry image)
    {
        var size = call.Parameters.Groups("BlockDeviceMapping").FirstOrDefault(mapping => mapping["DeviceName"] == image.RootDeviceName)?.Integer("Ebs.VolumeSize") ?? image.SizeGiB;
        return size >= image.SizeGiB
            ? size
            : throw new AwsException("InvalidBlockDeviceMapping", $"Volume of size {size}GB is smaller than snapshot '{Ids.Stable("snap", image.Id)}', expect size >= {image.SizeGiB}GB");
    }

    private static void RequirePrice(Ec2Call call, MarketType type, string zone, string? maxPrice)
    {
        if (maxPrice is null)
        {
            return;
        }

        if (!decimal.TryParse(maxPrice, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var most))
        {
            throw AwsException.InvalidParameterValue($"Invalid value '{maxPrice}' for MaxPrice.");
        }

        var now = MarketTable.Spot(type, zone, call.Now).Usd;
        if (most < now)
        {
            throw new AwsException("SpotMaxPriceTooLow", string.Create(
                CultureInfo.InvariantCulture, $"Your Spot request price of {most} is lower than the minimum required Spot request fulfillment price of {now}."));
        }
    }
}
