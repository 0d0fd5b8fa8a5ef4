using System.Globalization;
using System.Text;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>Launching, describing and ending instances, with their consoles.</summary>
internal static class InstanceActions
{
    /// <summary>The most machines for one launch: this computer cannot run more.</summary>
    private const int MaxCount = 16;

    /// <summary>EC2's own limit on the security groups of a network interface.</summary>
    private const int MostGroups = 5;

    /// <summary>EC2 refuses maximum prices up to this one, in US dollars per hour.</summary>
    private const decimal LeastPrice = 0.001m;

    /// <summary>EC2's own limit on user data, in bytes.</summary>
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
        if (token.Length > 64 || !token.All(char.IsAscii))
        {
            throw AwsException.InvalidParameterValue("The client token has more than 64 ASCII characters.");
        }

        var text = parameters.ToString();
        if (token.Length > 0 && call.Region.Tokens.TryGetValue(token, out var before))
        {
            return before.Call == text
                ? ReservationXml(call, before.Made)
                : throw new AwsException(
                    "IdempotentParameterMismatch",
                    "The client token you have provided is associated with a resource that has different parameters.");
        }

        var type = call.Market.Find(call.Region.Name, parameters.Required("InstanceType"))
            ?? throw new AwsException("InvalidParameterValue", $"Invalid value '{parameters["InstanceType"]}' for InstanceType.");
        var image = ImageActions.Find(call.Region.Name, parameters.Required("ImageId"));
        if (!type.Architectures.Contains(image.Architecture, StringComparer.Ordinal))
        {
            throw AwsException.InvalidParameterValue($"The architecture '{string.Join(',', type.Architectures)}' of the specified instance type does not match the architecture '{image.Architecture}' of the specified AMI.");
        }

        var keyName = parameters["KeyName"];
        var pair = call.KeyPairs.FirstOrDefault(known => known.Name == keyName);
        if (keyName is not null && pair is null)
        {
            throw new AwsException("InvalidKeyPair.NotFound", $"The key pair '{keyName}' does not exist");
        }

        var userData = DecodeUserData(parameters["UserData"]);
        var market = parameters["InstanceMarketOptions.MarketType"];
        var spot = market switch
        {
            "spot" => true,
            null => false,
            _ => throw AwsException.InvalidParameterValue($"Invalid value '{market}' for MarketType."),
        };
        var maxPrice = parameters["InstanceMarketOptions.SpotOptions.MaxPrice"];
        RequireOneForm(parameters);
        RequireOneTime(parameters.Child("InstanceMarketOptions.SpotOptions"));
        var subnet = FindSubnet(call, type, spot);
        var groups = FindGroups(call);
        var onDemand = call.Market.OnDemand(type, call.Region.Name);
        var highest = spot ? ReadPrice(maxPrice) ?? onDemand : onDemand;
        var options = LaunchOptions.Read(parameters, image.RootDeviceName, type);
        var size = VolumeSize(call, image, options.LargestVolume);
        var (least, most) = Counts(parameters);
        if (options.InstanceProfile is not null)
        {
            call.RequirePermission("iam", "PassRole");
        }

        call.EndDryRun();

        // Only a real launch finds the following errors, not a dry run.
        if (spot)
        {
            RequireSpotRole(call);
            RequirePrice(call, type, subnet.Zone, maxPrice is null ? null : highest);
        }

        RequireCapacity(call, type, subnet.Zone, spot);
        var count = Math.Min(most, Launchable(call, type, spot, least));
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
            VolumeSizeGiB = size,
            Spot = spot,
            StopsOnShutdown = parameters["InstanceInitiatedShutdownBehavior"] != "terminate" && !spot,
            MaxPrice = spot ? maxPrice : null,
            OnDemandPrice = onDemand,
            HighestPrice = highest,
            VisibleFrom = call.Now + call.Conditions.NotFoundFor,
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
                Ec2Xml.Element("systemStatus", Ec2Xml.Element("status", Status(instance))),
                Ec2Xml.Element("instanceStatus", Ec2Xml.Element("status", Status(instance))),
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

        call.EndDryRun();
        return
        [
            Ec2Xml.Set("instancesSet", instances.Select(instance =>
            {
                var before = instance.State;
                call.Machines.Terminate(instance);
                return (instance.Id, Before: before, Now: instance.State);
            }).ToArray(), change =>
            [
                Ec2Xml.Element("instanceId", change.Id), Instance.StateXml("currentState", change.Now),
                Instance.StateXml("previousState", change.Before),
            ]),
        ];
    }

    /// <summary>Changes an instance's security groups, the only attribute that can be changed here.</summary>
    public static object?[] ModifyAttribute(Ec2Call call)
    {
        var id = call.Parameters.Required("InstanceId");
        var instance = call.Instances.FirstOrDefault(known => known.Id == id) ?? throw NotFound(id);
        var groups = call.Parameters.List("GroupId").Select(group => NetworkActions.Find(call, group, name: null)).Distinct().ToArray();
        if (groups.Length == 0)
        {
            throw new AwsException("InvalidParameterCombination", "No attributes specified.");
        }

        if (groups.Length > MostGroups)
        {
            throw TooManyGroups();
        }

        if (instance.Ended)
        {
            throw new AwsException("IncorrectInstanceState", $"The instance '{id}' is not in a valid state for this operation.");
        }

        call.EndDryRun();
        instance.Groups = groups;
        InstanceMachines.SetDoors(call.Region);
        return [Ec2Xml.Element("return", true)];
    }

    public static object?[] GetConsoleOutput(Ec2Call call)
    {
        var id = call.Parameters.Required("InstanceId");
        var instance = call.Instances.FirstOrDefault(known => known.Id == id) ?? throw NotFound(id);
        var output = instance.Machine?.ConsoleOutput ?? instance.LastConsole;
        return
        [
            Ec2Xml.Element("instanceId", id), Ec2Xml.Element("timestamp", call.Now),
            Ec2Xml.Element("output", Convert.ToBase64String(Encoding.UTF8.GetBytes(output))),
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

            if (!call.Instances.Any(instance => instance.Id == id))
            {
                throw NotFound(id);
            }
        }

        return call.Named("InstanceId", call.Instances, instance => instance.Id, "InvalidInstanceID.NotFound");
    }

    private static AwsException NotFound(string id) => new("InvalidInstanceID.NotFound", $"The instance ID '{id}' does not exist");

    private static string Status(Instance instance) => instance.State is InstanceState.Running ? "ok" : "not-applicable";

    private static object?[] ReservationXml(Ec2Call call, IReadOnlyList<Instance> instances) =>
    [
        Ec2Xml.Element("reservationId", instances[0].ReservationId), Ec2Xml.Element("ownerId", call.Account), Ec2Xml.Element("groupSet"),
        Ec2Xml.Set("instancesSet", instances, instance => instance.ToXml(call.Region, call.Account)),
    ];

    private static Subnet FindSubnet(Ec2Call call, MarketType type, bool spot)
    {
        var id = call.Parameters["SubnetId"]
            ?? call.Parameters.Groups("NetworkInterface").Select(network => network["SubnetId"]).FirstOrDefault();
        if (id is null && !call.HasDefaultVpc)
        {
            throw NetworkActions.NoDefaultVpc();
        }

        var zone = call.Parameters["Placement.AvailabilityZone"];
        var subnets = call.HasDefaultVpc ? call.Region.Subnets : [];
        var offered = subnets.Where(known => call.Market.IsOffered(type, known.Zone)).ToArray();
        var subnet = id is not null ? subnets.FirstOrDefault(known => known.Id == id)
            : zone is not null ? subnets.FirstOrDefault(known => known.Zone == zone)
            : offered.FirstOrDefault(known => !call.Conditions.IsShort(type.Name, known.Zone, spot)) ?? offered[0];
        if (subnet is null)
        {
            throw id is null
                ? AwsException.InvalidParameterValue($"Invalid availability zone: [{zone}]")
                : new AwsException("InvalidSubnetID.NotFound", $"The subnet ID '{id}' does not exist");
        }

        return call.Market.IsOffered(type, subnet.Zone)
            ? subnet
            : throw new AwsException("Unsupported",
                $"Your requested instance type ({type.Name}) is not supported in your requested Availability Zone ({subnet.Zone}). Please retry your request by not specifying an Availability Zone or choosing {string.Join(", ", offered.Select(known => known.Zone))}.");
    }

    private static IReadOnlyList<SecurityGroup> FindGroups(Ec2Call call)
    {
        var ids = call.Parameters.List(
            "SecurityGroupId").Concat(call.Parameters.Groups("NetworkInterface").SelectMany(network => network.List("SecurityGroupId")));
        var groups = ids.Select(id => NetworkActions.Find(call, id, name: null))
            .Concat(call.Parameters.List("SecurityGroup").Select(name => NetworkActions.Find(call, id: null, name))).ToArray();
        if (groups.Length > MostGroups)
        {
            throw TooManyGroups();
        }

        return groups.Length > 0 ? groups : [NetworkActions.Find(call, id: null, "default")];
    }

    private static AwsException TooManyGroups() => new(
        "SecurityGroupsPerInterfaceLimitExceeded", "The maximum number of security groups per interface has been reached.");

    /// <summary>A call with network interfaces has its subnet and groups there, and nowhere else.</summary>
    private static void RequireOneForm(QueryParameters parameters)
    {
        if (parameters.Groups("NetworkInterface").Count == 0)
        {
            return;
        }

        var both = parameters["SubnetId"] is not null ? "subnet ID"
            : parameters.List("SecurityGroupId").Concat(parameters.List("SecurityGroup")).Any() ? "security groups" : null;
        if (both is not null)
        {
            throw new AwsException("InvalidParameterCombination",
                $"Network interfaces and an instance-level {both} may not be specified on the same request");
        }
    }

    /// <summary>A one-time request, the only kind here, ends with its instance.</summary>
    private static void RequireOneTime(QueryParameters options)
    {
        if (options["SpotInstanceType"] is { } kind && kind != "one-time")
        {
            throw new AwsException("UnsupportedOperation", "The rehearsal supports one-time Spot requests only.");
        }

        if (options["InstanceInterruptionBehavior"] is { } behavior && behavior != "terminate")
        {
            throw new AwsException(
                "InvalidParameterCombination", $"The interruption behavior '{behavior}' is not supported for one-time requests.");
        }
    }

    private static (int Least, int Most) Counts(QueryParameters parameters)
    {
        var (least, most) = (Count("MinCount"), Count("MaxCount"));
        return least >= 1 && most >= least
            ? (least, most)
            : throw AwsException.InvalidParameterValue(
                $"MinCount {least} and MaxCount {most} must be at least 1, and MinCount must not exceed MaxCount.");

        int Count(string name) => parameters.Integer(name) ?? throw AwsException.MissingParameter(name);
    }

    /// <summary>How many instances can be launched. Throws if they are fewer than <paramref name="least"/>.</summary>
    private static int Launchable(Ec2Call call, MarketType type, bool spot, int least)
    {
        if (least > MaxCount)
        {
            throw new AwsException("InsufficientInstanceCapacity", $"The rehearsal starts at most {MaxCount} machines per launch.", 500);
        }

        if (VCpuQuota.Of(type, spot) is not { } quota)
        {
            return MaxCount;
        }

        var limit = call.Conditions.Quotas.GetValueOrDefault(quota.Code, quota.Default);
        var used = call.Region.Instances.Values.Where(instance => instance.Runs && VCpuQuota.Of(instance.Type, instance.Spot) == quota)
            .Sum(instance => instance.Type.VCpu);
        var count = Math.Max(0, limit - used) / type.VCpu;
        if (count >= least)
        {
            return Math.Min(count, MaxCount);
        }

        throw spot
            ? new AwsException("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
            : new AwsException("VcpuLimitExceeded", $"You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.");
    }

    private static void RequireCapacity(Ec2Call call, MarketType type, string zone, bool spot)
    {
        if (!call.Conditions.IsShort(type.Name, zone, spot))
        {
            return;
        }

        if (spot)
        {
            throw new AwsException("InsufficientInstanceCapacity", "There is no Spot capacity available that matches your request.", 500);
        }

        var others = call.Region.Subnets.Select(subnet => subnet.Zone).Where(
            other => call.Market.IsOffered(type, other) && !call.Conditions.IsShort(type.Name, other, spot)).ToArray();
        var advice = others.Length == 0 ? string.Empty
            : $" You can currently get {type.Name} capacity by not specifying an Availability Zone in your request or choosing {string.Join(", ", others)}.";
        throw new AwsException("InsufficientInstanceCapacity",
            $"We currently do not have sufficient {type.Name} capacity in the Availability Zone you requested ({zone}). Our system will be working on provisioning additional capacity.{advice}", 500);
    }

    /// <summary>Creates the role that the account's first Spot launch needs.</summary>
    private static void RequireSpotRole(Ec2Call call)
    {
        if (call.Conditions.NoSpotRole)
        {
            if (call.Conditions.Denies("iam", "CreateServiceLinkedRole"))
            {
                throw new AwsException("AuthFailure.ServiceLinkedRoleCreationNotPermitted",
                    "The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances.", 403);
            }

            call.Set.Change(conditions => conditions with { NoSpotRole = false });
        }
    }

    private static string DecodeUserData(string? base64)
    {
        try
        {
            var bytes = Convert.FromBase64String(base64 ?? string.Empty);
            return bytes.Length <= MaxUserData
                ? Encoding.UTF8.GetString(bytes)
                : throw AwsException.InvalidParameterValue("User data is limited to 16384 bytes");
        }
        catch (FormatException)
        {
            throw AwsException.InvalidParameterValue("Invalid BASE64 encoding of user data.");
        }
    }

    private static int VolumeSize(Ec2Call call, MachineImageEntry image, int largest)
    {
        var size = call.Parameters.Groups("BlockDeviceMapping").FirstOrDefault(
            mapping => mapping["DeviceName"] == image.RootDeviceName)?.Integer("Ebs.VolumeSize") ?? image.SizeGiB;
        return size > largest ? throw AwsException.InvalidParameterValue($"Volume size {size} GiB exceeds the maximum of {largest} GiB.")
            : size >= image.SizeGiB ? size
            : throw new AwsException(
                "InvalidBlockDeviceMapping",
                $"Volume of size {size}GB is smaller than snapshot '{Ids.Stable("snap", image.Id)}', expect size >= {image.SizeGiB}GB");
    }

    private static decimal? ReadPrice(string? maxPrice) =>
        maxPrice is null ? null
        : decimal.TryParse(maxPrice, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var most) && most > LeastPrice ? most
        : throw AwsException.InvalidParameterValue($"Invalid value '{maxPrice}' for MaxPrice. It must be more than USD $0.001.");

    private static void RequirePrice(Ec2Call call, MarketType type, string zone, decimal? most)
    {
        var now = call.Conditions.SpotPrice(call.Market.Offer(type.Name, zone)!, call.Now).Usd;
        if (most < now)
        {
            throw new AwsException("SpotMaxPriceTooLow", string.Create(
                CultureInfo.InvariantCulture,
                $"Your Spot request price of {most} is lower than the minimum required Spot request fulfillment price of {now}."));
        }
    }
}
