using System.Globalization;
using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
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

    /// <summary>How long an answer that got lost is looked for.</summary>
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(5);

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
        log.Progress(activity, "request", 5);
        var imageTask = ImageResolver.ResolveAsync(cloud, offer.Region, request.Image, offer.Architecture, cancellationToken);
        var keyTask = KeyPairStore.EnsureAsync(cloud, offer.Region, request.KeyName, log, cancellationToken);
        var groupTask = GroupAsync(offer.Region, cancellationToken);
        await Task.WhenAll(imageTask, keyTask, groupTask);
        var (image, keyPair, group) = (await imageTask, await keyTask, await groupTask);

        // The disk that is made, not the one that was asked for, is what the budget pays.
        var plan = (request with { VolumeSizeGiB = Math.Max(request.VolumeSizeGiB, image.SnapshotSizeGiB) }).PlanDeadline(offer);
        var hostKey = SshPrivateKey.MakeEd25519("spottrainer");
        var deadline = DateTimeOffset.UtcNow + plan.Time;
        var run = MakeRequest(offer, image, keyPair, group, hostKey, deadline);
        cancellationToken.ThrowIfCancellationRequested();

        var id = await RunAsync(offer, run, deadline, cancellationToken);
        log.Verbose($"{id}: {offer}; it ends itself at {deadline.ToLocalTime():g}.");
        try
        {
            var instance = await InstanceWaiter.UntilReadyAsync(cloud, offer.Region, id, activity, log, cancellationToken);
            log.Information($"{instance} ends itself at {deadline.ToLocalTime():g}; what was not fetched by then ends with it.");

            // After this the machine is the user's: they have its object.
            cancellationToken.ThrowIfCancellationRequested();
            return instance;
        }
        catch (Exception exception)
        {
            await AbandonAsync(offer.Region, id, deadline, exception);
            throw;
        }
    }

    /// <summary>Asks EC2 for the machine. An answer that got lost is settled by a look for the token before anything else happens.</summary>
    private async Task<string> RunAsync(SpotOffer offer, RunInstancesRequest run, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        // Not the caller's token: a call that is cut off leaves it unclear whether a machine was made. After Ctrl+C it gets a moment more.
        using var limit = new CancellationTokenSource();
        using var stopped = cancellationToken.Register(() =>
        {
            log.CleanupWarning("Finding out whether EC2 has launched a machine.");
            limit.CancelAfter(SettleTimeout);
        });
        try
        {
            return (await cloud.Ec2(offer.Region).RunInstancesAsync(run, limit.Token)).Reservation.Instances[0].InstanceId;
        }
        catch (Exception exception) when (IsUnclear(exception))
        {
            if (await FindByTokenAsync(offer.Region, run.ClientToken) is { } id)
            {
                return id;
            }

            var what = $"EC2's answer got lost: a machine '{request.Name}' may run in {offer.Region} until {deadline.ToLocalTime():g}.";
            log.CleanupWarning(what);
            throw new SpotTrainerException("LaunchUnclear", ErrorKind.ConnectionError, what,
                $"Look with Get-SpotTrainingInstance -Region {offer.Region}, and remove it.", run.ClientToken, exception);
        }
    }

    /// <summary>Whether an error leaves open what EC2 did: anything but a refusal with a code of its own.</summary>
    private static bool IsUnclear(Exception exception) => exception is not AmazonEC2Exception refusal
        || refusal.ErrorCode is null or "" or "InternalError" or "InternalFailure" or "Unavailable" or "ServiceUnavailable";

    private async Task<string?> FindByTokenAsync(string region, string token)
    {
        using var limit = new CancellationTokenSource(SettleTimeout);
        try
        {
            while (true)
            {
                var page = await cloud.Ec2(region).DescribeInstancesAsync(
                    new DescribeInstancesRequest { Filters = [new Filter("client-token", [token])] }, limit.Token);
                if (page.Reservations.SelectMany(reservation => reservation.Instances).FirstOrDefault() is { } made)
                {
                    return made.InstanceId;
                }

                // EC2 takes a moment to know its own new machines everywhere.
                await Task.Delay(Poll, limit.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or AmazonClientException or System.Net.Http.HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Ends a machine that can't be used. When that fails, too, the user must know which one costs money, and until when.</summary>
    private async Task AbandonAsync(string region, string id, DateTimeOffset deadline, Exception why)
    {
        log.CleanupWarning($"Terminating {id}, which was launched and can't be used.");
        try
        {
            await Terminator.RequestAsync(cloud, region, id, justLaunched: true);
        }
        catch (Exception exception)
        {
            var what = $"{id} in {region} could NOT be terminated and costs until {deadline.ToLocalTime():g}.";
            var next = $"Run: Get-SpotTrainingInstance -Region {region} -InstanceId {id} | Remove-SpotTrainingInstance";
            log.CleanupWarning($"{what} {next}");
            throw new SpotTrainerException("InstanceLeftRunning", ErrorKind.ConnectionError,
                $"{what} ({AwsErrors.Translate(why, id).Message})", next, id, exception);
        }
    }

    private async Task<string> GroupAsync(string region, CancellationToken cancellationToken) =>
        request.SecurityGroupId ?? await SecurityGroupStore.EnsureAsync(cloud, region, request.AllowedCidr, log, cancellationToken);

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
            UserData = Convert.ToBase64String(Encoding.UTF8.GetBytes(UserData.Write(deadline, TimeSpan.FromMinutes(request.IdleTimeout), hostKey))),
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
            new(InstanceTags.Deadline, InstanceTags.Moment(deadline)),
            new(InstanceTags.HostKey, hostKey.Fingerprint),
            new(InstanceTags.User, image.UserName),
            new(InstanceTags.Price, offer.Price.ToString(CultureInfo.InvariantCulture)),
            new(InstanceTags.IdleTimeout, request.IdleTimeout.ToString(CultureInfo.InvariantCulture)),
            new(InstanceTags.VolumeSize, size.ToString(CultureInfo.InvariantCulture)),
        };
        if (offer.OnDemandPrice is { } price)
        {
            tags.Add(new Tag(InstanceTags.OnDemandPrice, price.ToString(CultureInfo.InvariantCulture)));
        }

        if ((request.MaxPrice ?? offer.OnDemandPrice) is { } highest)
        {
            tags.Add(new Tag(InstanceTags.HighestPrice, highest.ToString(CultureInfo.InvariantCulture)));
        }

        if (request.Budget is { } budget)
        {
            tags.Add(new Tag(InstanceTags.Budget, budget.ToString(CultureInfo.InvariantCulture)));
        }

        tags.AddRange(request.Tags.Select(tag => new Tag(tag.Key, tag.Value)));
        return tags;
    }
}
