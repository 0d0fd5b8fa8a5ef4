using System.Globalization;
using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Keys;
using SpotTrainer.Market;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>
/// Launches one Spot machine with its deadline armed. Whatever goes wrong after EC2 was asked, the machine is terminated before the error
/// is told.
/// </summary>
internal sealed class Launcher(CloudContext cloud, LaunchRequest request, IStepLog log)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan BootTimeout = TimeSpan.FromMinutes(8);
    private readonly string activity = $"Launching {(request.Name.Length > 0 ? request.Name : "a Spot instance")}";

    /// <summary>Launches from the first offer that has capacity, and waits until the machine lets us in and its deadline is read back.</summary>
    public async Task<SpotTrainingInstance> LaunchAsync(CancellationToken cancellationToken)
    {
        var refusals = new List<string>();
        try
        {
            foreach (var offer in request.Offers)
            {
                try
                {
                    return await LaunchAsync(offer, cancellationToken);
                }
                catch (AmazonEC2Exception exception) when (exception.ErrorCode is "InsufficientInstanceCapacity" or "SpotMaxPriceTooLow" or "Unsupported")
                {
                    log.Verbose($"{offer}: {exception.ErrorCode}.");
                    refusals.Add($"{offer.InstanceType} in {offer.Zone}: {AwsErrors.Translate(exception, offer).Message}");
                }
            }
        }
        finally
        {
            log.ProgressDone(activity);
        }

        throw new SpotTrainerException("NoCapacity", ErrorKind.ResourceUnavailable,
            $"None of the {request.Offers.Count} offers could be launched. {string.Join(" ", refusals)}",
            "Pipe more offers, or try again later.", request.Offers[request.Offers.Count - 1]);
    }

    private async Task<SpotTrainingInstance> LaunchAsync(SpotOffer offer, CancellationToken cancellationToken)
    {
        var plan = request.PlanDeadline(offer);
        log.Progress(activity, "request", 5);
        var imageTask = ImageResolver.ResolveAsync(cloud, offer.Region, request.Image, offer.Architecture, cancellationToken);
        var keyTask = KeyPairStore.EnsureAsync(cloud, offer.Region, request.KeyName, log, cancellationToken);
        var groupTask = GroupAsync(offer.Region, cancellationToken);
        await Task.WhenAll(imageTask, keyTask, groupTask);
        var (image, keyPair, group) = (await imageTask, await keyTask, await groupTask);

        var hostKey = SshPrivateKey.MakeEd25519("spottrainer");
        var deadline = DateTimeOffset.UtcNow + plan.Time;
        var run = MakeRequest(offer, image, keyPair, group, hostKey, deadline);
        cancellationToken.ThrowIfCancellationRequested();

        // Without the token: a call that is cut off leaves it unclear whether a machine was made.
        var answer = await cloud.Ec2(offer.Region).RunInstancesAsync(run, CancellationToken.None);
        var id = answer.Reservation.Instances[0].InstanceId;
        log.Verbose($"{id}: {offer}; it ends itself at {deadline.ToLocalTime():g}.");
        try
        {
            var instance = await WaitUntilRunningAsync(offer.Region, id, cancellationToken);
            log.Progress(activity, "booting", 60);
            var connection = await SshConnectionPool.WaitAsync(instance, BootTimeout, cancellationToken);
            await RequireArmedAsync(connection, instance, deadline, cancellationToken);
            log.Progress(activity, "ready", 100);
            log.Information($"{instance} ends itself at {deadline.ToLocalTime():g}; what was not fetched by then ends with it.");
            return instance;
        }
        catch
        {
            log.CleanupWarning($"Terminating {id}, which was launched and can't be used.");
            await Terminator.RequestAsync(cloud, offer.Region, id);
            throw;
        }
    }

    private async Task<string> GroupAsync(string region, CancellationToken cancellationToken) =>
        request.SecurityGroupId ?? await SecurityGroupStore.EnsureAsync(
            cloud, region, request.AllowedCidr ?? await CallerAddress.GetCidrAsync(cloud, cancellationToken), log, cancellationToken);

    private RunInstancesRequest MakeRequest(
        SpotOffer offer, MachineImage image, TrainingKeyPair keyPair, string group, SshPrivateKey hostKey, DateTimeOffset deadline)
    {
        var size = Math.Max(request.VolumeSizeGiB, image.SnapshotSizeGiB);
        var tags = MakeTags(offer, image, hostKey, deadline, size);
        return new RunInstancesRequest
        {
            ClientToken = Guid.NewGuid().ToString(),
            MinCount = 1,
            MaxCount = 1,
            ImageId = image.Id,
            InstanceType = offer.InstanceType,
            KeyName = keyPair.Name,
            Placement = new Placement { AvailabilityZone = offer.Zone },
            InstanceMarketOptions = new InstanceMarketOptionsRequest
            {
                MarketType = MarketType.Spot,
                SpotOptions = new SpotMarketOptions
                {
                    SpotInstanceType = SpotInstanceType.OneTime,
                    InstanceInterruptionBehavior = InstanceInterruptionBehavior.Terminate,
                    MaxPrice = request.MaxPrice?.ToString(CultureInfo.InvariantCulture),
                },
            },
            InstanceInitiatedShutdownBehavior = ShutdownBehavior.Terminate,
            MetadataOptions = new InstanceMetadataOptionsRequest
            {
                HttpTokens = HttpTokensState.Required, HttpPutResponseHopLimit = 1, HttpEndpoint = InstanceMetadataEndpointState.Enabled,
            },
            CreditSpecification = offer.Size.Burstable ? new CreditSpecificationRequest { CpuCredits = "standard" } : null,
            NetworkInterfaces = [new InstanceNetworkInterfaceSpecification { DeviceIndex = 0, AssociatePublicIpAddress = true, Groups = [group] }],
            BlockDeviceMappings =
            [
                new BlockDeviceMapping
                {
                    DeviceName = image.RootDeviceName,
                    Ebs = new EbsBlockDevice { VolumeSize = size, VolumeType = VolumeType.Gp3, Encrypted = true, DeleteOnTermination = true },
                },
            ],
            UserData = Convert.ToBase64String(Encoding.UTF8.GetBytes(UserData.Write(deadline, hostKey))),
            TagSpecifications =
            [
                .. new[] { ResourceType.Instance, ResourceType.Volume, ResourceType.NetworkInterface, ResourceType.SpotInstancesRequest }
                    .Select(type => new TagSpecification { ResourceType = type, Tags = tags }),
            ],
        };
    }

    private List<Tag> MakeTags(SpotOffer offer, MachineImage image, SshPrivateKey hostKey, DateTimeOffset deadline, int size)
    {
        var tags = new List<Tag>
        {
            new(InstanceTags.Name, request.Name),
            new(InstanceTags.Owner, InstanceTags.CurrentOwner),
            new(InstanceTags.Deadline, deadline.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)),
            new(InstanceTags.HostKey, hostKey.Fingerprint),
            new(InstanceTags.User, image.UserName),
            new(InstanceTags.Price, offer.Price.ToString(CultureInfo.InvariantCulture)),
            new(InstanceTags.VolumeSize, size.ToString(CultureInfo.InvariantCulture)),
        };
        if (offer.OnDemandPrice is { } price)
        {
            tags.Add(new Tag(InstanceTags.OnDemandPrice, price.ToString(CultureInfo.InvariantCulture)));
        }

        tags.AddRange(request.Tags.Select(tag => new Tag(tag.Key, tag.Value)));
        return tags;
    }

    private async Task<SpotTrainingInstance> WaitUntilRunningAsync(string region, string id, CancellationToken cancellationToken)
    {
        log.Progress(activity, "pending", 20);
        while (true)
        {
            SpotTrainingInstance? instance = null;
            try
            {
                instance = await InstanceReader.GetAsync(cloud, region, id, cancellationToken);
            }
            catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidInstanceID.NotFound")
            {
                // EC2 takes a moment to know its own new machines everywhere.
            }

            switch (instance?.State)
            {
                case "running" when instance.HostName.Length > 0:
                    return instance;
                case "shutting-down" or "terminated":
                    throw new SpotTrainerException("InstanceEnded", ErrorKind.ResourceUnavailable, $"{id} ended before it had booted.",
                        "Try another offer.", id);
            }

            log.Progress(activity, instance?.State ?? "pending", 40);
            await Task.Delay(Poll, cancellationToken);
        }
    }

    /// <summary>Reads the arming back. A machine that would not end itself is one that we don't keep.</summary>
    private static async Task RequireArmedAsync(
        SshConnection connection, SpotTrainingInstance instance, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        var status = await connection.RunAsync($"sudo {UserData.WatchdogPath} status", cancellationToken);
        var lines = status.Output.Split('\n').Select(line => line.Trim()).ToArray();
        if (status.ExitCode != 0 || !lines.Contains("armed=yes", StringComparer.Ordinal)
            || !lines.Contains("deadline=" + deadline.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal))
        {
            throw new SpotTrainerException("DeadlineNotArmed", ErrorKind.SecurityError, $"{instance} did not arm its deadline, so it was terminated.",
                "Try again, or another -Image: it needs cloud-init and systemd.", instance);
        }
    }
}
