using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.KeyPairs;
using SpotTrainer.Keys;
using SpotTrainer.Market;
using SpotTrainer.Money;

namespace SpotTrainer.Launch;

/// <summary>
/// Checks everything that can be known about a launch before money is spent. It changes nothing, on this computer or at AWS.
/// </summary>
internal sealed class PlanChecker(CloudContext cloud, LaunchRequest request, IReadOnlyList<string> localFiles)
{
    private const string DryName = "spottrainer-test";

    private readonly SpotOffer offer = request.Offers[0];
    private CancellationToken stopping;

    private AmazonEC2Client Ec2 => cloud.Ec2(offer.Region);

    /// <summary>Runs all checks in parallel and returns them in a sensible reading order.</summary>
    public async Task<SpotTrainingPlan> CheckAsync(CancellationToken cancellationToken)
    {
        stopping = cancellationToken;
        var image = ImageResolver.ResolveAsync(cloud, offer.Region, request.Image, offer.Size, cancellationToken);
        var network = LaunchPreparation.NetworkAsync(cloud, offer.Region, request.Subnet, cancellationToken);
        Task<PlanCheck>[] checks =
        [
            Try("credentials", async () =>
            {
                var (account, arn) = await cloud.GetCallerAsync(cancellationToken);
                return $"account {account}, {arn}";
            }),
            Try("clock", async () =>
            {
                await cloud.RequireClockAsync(offer.Region, cancellationToken);
                return "this computer's clock agrees with AWS's";
            }),
            Try("permission to read", () => ReadAsync(cancellationToken)),
            DryAsync("permission to launch",
                async () => await Ec2.RunInstancesAsync(DryLaunch(await NeededAsync(image, "image")), cancellationToken)),
            DryAsync("permission for keys", () => Ec2.ImportKeyPairAsync(
                new ImportKeyPairRequest
                {
                    DryRun = true, KeyName = DryName,
                    PublicKeyMaterial = Convert.ToBase64String(Encoding.UTF8.GetBytes(SshPrivateKey.MakeEd25519("test").PublicLine)),
                    TagSpecifications = DryTags(ResourceType.KeyPair),
                }, cancellationToken)),
            DryAsync(
                "permission for groups",
                async () => await Ec2.CreateSecurityGroupAsync(
                    new CreateSecurityGroupRequest
                    {
                        DryRun = true, GroupName = DryName, Description = "test", VpcId = (await NeededAsync(network, "network")).VpcId,
                        TagSpecifications = DryTags(ResourceType.SecurityGroup),
                    }, cancellationToken),
                async () =>
                    await Ec2.AuthorizeSecurityGroupIngressAsync(
                        await DryRuleAsync((await NeededAsync(network, "network")).VpcId, cancellationToken), cancellationToken)),
            Task.FromResult(new PlanCheck("permission to end", PlanResult.NotTestable,
                "EC2 can test this only on an existing instance. The instance terminates itself at its deadline in any case.")),
            Try("Spot role", () => RoleAsync(cancellationToken)),
            Try("quota", () => QuotaAsync(cancellationToken)),
            Try("type in zone", () => OfferedAsync(cancellationToken)),
            Try("image", async () => $"{(await image).Id} for {offer.Architecture}"),
            DriverAsync(),
            Try("key pair", () => KeyAsync(cancellationToken)),
            Try("network", () => DescribeAsync(network)),
            Try("caller's address", async () => request.SecurityGroup is { } group ? await GroupAsync(group, network, cancellationToken)
                : $"port 22 from {request.AllowedCidr ?? await CallerAddress.GetCidrAsync(cloud, cancellationToken)} only"),
            Try("price", () => PriceAsync(cancellationToken)),
            Try("budget", async () => Describe(await DeadlineAsync(image))),
            .. localFiles.Select(file => Try("local file", () => FileAsync(file))),
        ];
        var done = await Task.WhenAll(checks);
        DeadlinePlan? deadline = null;
        try
        {
            deadline = await DeadlineAsync(image);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The budget check reports this error.
        }

        return new SpotTrainingPlan(offer, request.Count, done, deadline);
    }

    private async Task<PlanCheck> Try(string name, Func<Task<string>> check)
    {
        try
        {
            return new PlanCheck(name, PlanResult.Ok, await check());
        }
        catch (NotTestableException exception)
        {
            return new PlanCheck(name, PlanResult.NotTestable, exception.Message);
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            var error = ErrorTranslation.Translate(exception, name);
            return new PlanCheck(name, PlanResult.Failed, error.Message, error.NextStep);
        }
    }

    /// <summary>Awaits what another check reports on. If it is missing, that check has the reason.</summary>
    private async Task<T> NeededAsync<T>(Task<T> needed, string line)
    {
        try
        {
            return await needed;
        }
        catch (Exception) when (!stopping.IsCancellationRequested)
        {
            throw new NotTestableException($"This check needs the result of the check '{line}'.");
        }
    }

    /// <summary>Makes dry runs. EC2 reports success with the error DryRunOperation.</summary>
    private Task<PlanCheck> DryAsync(string name, params Func<Task>[] calls) => Try(name, async () =>
    {
        foreach (var call in calls)
        {
            try
            {
                await call();
            }
            catch (AmazonEC2Exception exception) when (exception.ErrorCode == "DryRunOperation")
            {
                // The call would have succeeded.
            }
        }

        return "allowed, according to a dry run";
    });

    /// <summary>The launch tags everything that it creates, which needs a permission of its own.</summary>
    private static List<TagSpecification> DryTags(ResourceType type) =>
        [new TagSpecification { ResourceType = type, Tags = [new Tag(ModuleTags.Owner, ModuleTags.CurrentOwner)] }];

    /// <summary>Makes a dry run of a rule for the VPC's default group. Every VPC has one, and the dry run does not change it.</summary>
    private async Task<AuthorizeSecurityGroupIngressRequest> DryRuleAsync(string vpc, CancellationToken cancellationToken)
    {
        var groups = await Ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { Filters = [new Filter("vpc-id", [vpc]), new Filter("group-name", ["default"])] },
            cancellationToken);
        return new AuthorizeSecurityGroupIngressRequest
        {
            DryRun = true,
            GroupId = groups.SecurityGroups.FirstOrDefault()?.GroupId
                ?? throw new NotTestableException($"{vpc} has no default group to test with."),
            IpPermissions = [new IpPermission { IpProtocol = "tcp", FromPort = 22, ToPort = 22,
                Ipv4Ranges = [new IpRange { CidrIp = "127.0.0.1/32" }] }],
        };
    }

    private static Task<string> FileAsync(string path) => File.Exists(path) || Directory.Exists(path)
        ? Task.FromResult(path)
        : throw new SpotTrainerException("DataNotFound", ErrorKind.ObjectNotFound, $"There is no file or folder {path}.",
            "Check -Path.", path);

    private static string Describe(DeadlinePlan plan) =>
        $"{DisplayText.Hours(plan.Time)} hours guaranteed, {DisplayText.Hours(plan.Expected)} expected, "
        + $"at most {DisplayText.MostUsd(plan.HighestCost)} USD each, outbound traffic not included";

    /// <summary>Calls the actions that only read: that is the best test of whether they are allowed.</summary>
    private async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        await Ec2.DescribeInstancesAsync(new DescribeInstancesRequest { MaxResults = 5 }, cancellationToken);
        await Ec2.DescribeRegionsAsync(new DescribeRegionsRequest(), cancellationToken);
        await Ec2.DescribeVolumesAsync(new DescribeVolumesRequest { MaxResults = 5 }, cancellationToken);
        return "instances, regions, volumes";
    }

    /// <summary>
    /// Returns the request of the launch itself, with its tags and its profile, but without the key pair and security group that the launch
    /// may create.
    /// </summary>
    private RunInstancesRequest DryLaunch(MachineImage image)
    {
        var setup = new OfferSetup(image, new RegionSetup(string.Empty, string.Empty, SubnetZone: null));
        var run = new RunRequest(
            request.WithDiskFor(image) with { Name = "test" }, offer, onDemand: false, setup,
            SshPrivateKey.MakeEd25519("test"), cloud.Time.GetUtcNow(), cloud.Time.GetUtcNow().AddHours(1)).Make();
        run.DryRun = true;
        run.KeyName = null;
        run.NetworkInterfaces[0].Groups = [];
        return run;
    }

    private async Task<string> RoleAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await cloud.HasSpotRoleAsync(cancellationToken)
                ? $"{IamClient.SpotRole} exists"
                : throw new NotTestableException(
                    $"The account has no {IamClient.SpotRole} yet. EC2 creates it at the first launch if these credentials allow it. "
                    + "Otherwise, ask an administrator to run: aws iam create-service-linked-role --aws-service-name spot.amazonaws.com");
        }
        catch (SpotTrainerException exception) when (exception.Id == "NotAllowed")
        {
            throw new NotTestableException("These credentials do not allow reading roles (iam:GetRole).");
        }
    }

    private async Task<string> QuotaAsync(CancellationToken cancellationToken)
    {
        var wanted = offer.VCpu * request.Count;
        VCpuQuota? quota;
        try
        {
            quota = await VCpuQuota.FindAsync(cloud, offer.Region, offer.InstanceType, onDemand: false, cancellationToken);
        }
        catch (SpotTrainerException exception) when (exception.Id == "NotAllowed")
        {
            throw new NotTestableException("These credentials do not allow reading quotas (servicequotas:GetServiceQuota).");
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NotTestableException($"The quota cannot be read: {ErrorTranslation.Translate(exception, offer).Message}");
        }

        if (quota is null)
        {
            throw new NotTestableException($"Service Quotas has no quota for {offer.InstanceType}.");
        }

        return quota.Used + wanted <= quota.Limit ? quota.Describe(wanted) : throw new SpotTrainerException(
            "QuotaExceeded", ErrorKind.LimitsExceeded, quota.Describe(wanted), quota.HowToRaise(offer.Region, wanted), offer);
    }

    private async Task<string> OfferedAsync(CancellationToken cancellationToken)
    {
        var found = await Ec2.DescribeInstanceTypeOfferingsAsync(new DescribeInstanceTypeOfferingsRequest
        {
            LocationType = LocationType.AvailabilityZone,
            Filters = [new Filter("instance-type", [offer.InstanceType]), new Filter("location", [offer.Zone])],
        }, cancellationToken);
        return found.InstanceTypeOfferings.Count > 0
            ? $"{offer.InstanceType} in {offer.Zone}"
            : throw new SpotTrainerException(
                "OfferUnsupported", ErrorKind.ObjectNotFound, $"{offer.InstanceType} is not offered in {offer.Zone}.",
                "Find another offer with Find-SpotOffer.", offer);
    }

    private Task<PlanCheck> DriverAsync()
    {
        const string name = "driver";
        return Task.FromResult(
            !offer.Size.NeedsNvidiaDriver ? new PlanCheck(name, PlanResult.Ok, "none needed")
            : request.Image.Id is { } id
                ? new PlanCheck(name, PlanResult.NotTestable, $"EC2 does not say whether {id} has NVIDIA's driver. Check it yourself.")
            : offer.Size.NeedsProprietaryDriver
                ? new PlanCheck(
                    name, PlanResult.Failed,
                    $"None of the images by alias has a driver for the {offer.Size.GpuModel} of {offer.InstanceType}.",
                    ImageResolver.OwnDriver)
            : ImageResolver.HasDriver(request.Image.Alias ?? ImageResolver.DefaultFor(offer.Size))
                ? new PlanCheck(name, PlanResult.Ok, "the image has NVIDIA's driver")
            : new PlanCheck(
                name, PlanResult.Failed, $"{offer.InstanceType} has GPUs, but the image '{request.Image.Alias}' has no driver for them.",
                "Use -Image deep-learning."));
    }

    private async Task<string> KeyAsync(CancellationToken cancellationToken)
    {
        if (request.KeyFile is { } file)
        {
            var own = PrivateKeyReader.Read(file);
            KeyFilePermissions.Require(file);
            return $"{own.Algorithm} key in {file}; its public key will be imported";
        }

        var folder = new KeyPairFolder(cloud.KeyFolder);
        var there = await Ec2KeyPair.FindAsync(cloud, offer.Region, request.KeyName, cancellationToken);
        if (!folder.Has(request.KeyName))
        {
            KeyPairFolder.RequireNewName(request.KeyName);
            return there is null ? $"'{request.KeyName}' will be created" : throw new SpotTrainerException(
                "KeyPairExists", ErrorKind.ResourceExists,
                $"EC2 in {offer.Region} has a key pair '{request.KeyName}', but its private key is not on this computer.",
                "Use another -KeyName, or use -KeyPath with the private key file.", request.KeyName);
        }

        var path = folder.PathOf(request.KeyName);
        KeyFilePermissions.Require(path);
        var key = PrivateKeyReader.Read(path);
        return there is null ? $"'{request.KeyName}' is on this computer; its public key will be imported"
            : there.Holds(key) ? $"'{request.KeyName}' is on this computer and in EC2, and both match"
            : throw new SpotTrainerException("KeyPairDiffers", ErrorKind.ResourceExists,
                $"EC2 in {offer.Region} has a different key pair with the name '{request.KeyName}'.",
                "Use another -KeyName.", request.KeyName);
    }

    private async Task<string> DescribeAsync(Task<(string VpcId, string? Zone)> network)
    {
        var (vpc, zone) = await network;
        return zone is null || zone == offer.Zone
            ? $"{(request.Subnet ?? "the default VPC")} ({vpc})"
            : throw LaunchPreparation.Elsewhere(request.Subnet!, zone, offer);
    }

    private async Task<string> GroupAsync(string given, Task<(string VpcId, string? Zone)> network, CancellationToken cancellationToken)
    {
        var vpc = (await NeededAsync(network, "network")).VpcId;
        var id = await SecurityGroupStore.ResolveAsync(cloud, offer.Region, vpc, given, cancellationToken);
        await Ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { GroupIds = [id] }, cancellationToken);
        return $"the security group {given} exists; make sure that it admits you";
    }

    private async Task<string> PriceAsync(CancellationToken cancellationToken)
    {
        CurrentPrice? now = null;
        await SpotPrices.ReadNowAsync(cloud, offer.Region, [offer.InstanceType], page =>
        {
            foreach (var price in page.Where(price => price.Zone == offer.Zone))
            {
                now ??= price;
            }
        }, cancellationToken);
        var usd = now?.Point.Price ?? throw new SpotTrainerException("NoSpotPrice", ErrorKind.ObjectNotFound,
            $"There is no longer a Spot price for {offer.InstanceType} in {offer.Zone}.", "Find another offer with Find-SpotOffer.", offer);
        return request.MaxPrice < usd
            ? throw new SpotTrainerException("MaxPriceTooLow", ErrorKind.LimitsExceeded,
                FormattableString.Invariant($"The current price is {usd} USD/h, which is above -MaxPrice {request.MaxPrice}."),
                "Raise -MaxPrice, or look for a cheaper offer with Find-SpotOffer.", offer)
            : FormattableString.Invariant($"{usd} USD/h now") + (
                request.TariffFor(offer, onDemand: false).HighestPrice is { } cap
                    ? FormattableString.Invariant($", never above {cap}")
                    : string.Empty);
    }

    /// <summary>Plans the deadline with the disk that the image needs, or with the requested disk if the image is not available.</summary>
    private async Task<DeadlinePlan> DeadlineAsync(Task<MachineImage> image)
    {
        var size = request.VolumeSizeGiB;
        try
        {
            size = Math.Max(size, (await image).SnapshotSizeGiB);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The image check reports this error.
        }

        return (request with { VolumeSizeGiB = size }).PlanDeadline(offer);
    }

    private sealed class NotTestableException(string message) : Exception(message);
}
