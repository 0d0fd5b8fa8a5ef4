using System.Globalization;
using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Keys;
using SpotTrainer.Market;
using SpotTrainer.Money;

namespace SpotTrainer.Launch;

/// <summary>
/// Builds the RunInstances request that launches an instance, with everything that makes it safe: deadline, security group, tags.
/// </summary>
internal sealed class RunRequest(
    LaunchRequest request, SpotOffer offer, bool onDemand, OfferSetup setup, SshPrivateKey hostKey, DateTimeOffset now,
    DateTimeOffset deadline)
{
    private Tariff Tariff => request.TariffFor(offer, onDemand);

    public RunInstancesRequest Make()
    {
        var tags = MakeTags();
        return new RunInstancesRequest
        {
            ClientToken = Guid.NewGuid().ToString(),
            MinCount = 1,
            MaxCount = 1,
            ImageId = setup.Image.Id,
            InstanceType = offer.InstanceType,
            KeyName = setup.Region.KeyName,
            Placement = new Placement { AvailabilityZone = offer.Zone },
            InstanceMarketOptions = onDemand ? null : new InstanceMarketOptionsRequest
            {
                MarketType = MarketType.Spot,
                SpotOptions = new SpotMarketOptions
                {
                    SpotInstanceType = SpotInstanceType.OneTime,
                    InstanceInterruptionBehavior = InstanceInterruptionBehavior.Terminate,

                    // Set even if the user gave no maximum price: the deadline is based on this price, and it then stays the most that can
                    // be
                    // charged, even if the on-demand price has risen since it was read.
                    MaxPrice = Tariff.HighestPrice?.ToString(CultureInfo.InvariantCulture),
                },
            },
            InstanceInitiatedShutdownBehavior = ShutdownBehavior.Terminate,
            IamInstanceProfile = InstanceProfile(),
            MetadataOptions = new InstanceMetadataOptionsRequest
            {
                HttpTokens = HttpTokensState.Required, HttpPutResponseHopLimit = 1, HttpEndpoint = InstanceMetadataEndpointState.Enabled,
            },
            CreditSpecification = offer.Size.Burstable ? new CreditSpecificationRequest { CpuCredits = "standard" } : null,
            NetworkInterfaces =
            [
                new InstanceNetworkInterfaceSpecification
                {
                    DeviceIndex = 0, AssociatePublicIpAddress = true, Groups = [setup.Region.SecurityGroupId], SubnetId = request.Subnet,
                },
            ],
            BlockDeviceMappings =
            [
                new BlockDeviceMapping
                {
                    DeviceName = setup.Image.RootDeviceName,
                    Ebs = new EbsBlockDevice { VolumeSize = request.VolumeSizeGiB, VolumeType = VolumeType.Gp3, Encrypted = true,
                        DeleteOnTermination = true },
                },
            ],
            UserData = Convert.ToBase64String(Encoding.UTF8.GetBytes(UserData.Write(now, deadline, request.IdleTimeout, hostKey))),
            TagSpecifications = TaggedTypes().Select(type => new TagSpecification { ResourceType = type, Tags = tags }).ToList(),
        };
    }

    private IEnumerable<ResourceType> TaggedTypes() => new[] { ResourceType.Instance, ResourceType.Volume, ResourceType.NetworkInterface }
        .Concat(onDemand ? [] : [ResourceType.SpotInstancesRequest]);

    private IamInstanceProfileSpecification? InstanceProfile() => request.InstanceProfile switch
    {
        null => null,
        var arn when arn.StartsWith("arn:", StringComparison.Ordinal) => new IamInstanceProfileSpecification { Arn = arn },
        var name => new IamInstanceProfileSpecification { Name = name },
    };

    private List<Tag> MakeTags()
    {
        var tags = new List<Tag>
        {
            new(ModuleTags.Name, request.Name),
            new(ModuleTags.Owner, ModuleTags.CurrentOwner),
            new(ModuleTags.Launch, request.Token),
            new(ModuleTags.Deadline, ModuleTags.Moment(deadline)),
            new(ModuleTags.HostKey, $"{ModuleTags.HostKeyPending} {hostKey.Fingerprint}"),
            new(ModuleTags.User, setup.Image.UserName),
            new(ModuleTags.Price, Text(Tariff.Price)),
            new(ModuleTags.IdleTimeout, Text(request.IdleTimeout.TotalMinutes)),
            new(ModuleTags.VolumeSize, Text(request.VolumeSizeGiB)),
        };
        foreach (var (name, number) in new[]
        {
            (ModuleTags.OnDemandPrice, offer.OnDemandPrice),
            (ModuleTags.HighestPrice, Tariff.HighestPrice),
            (ModuleTags.DiskPrice, offer.DiskPrice),
            (ModuleTags.Budget, request.Budget),
        })
        {
            if (number is { } known)
            {
                tags.Add(new Tag(name, Text(known)));
            }
        }

        tags.AddRange(request.Tags.Select(tag => new Tag(tag.Key, tag.Value)));
        return tags;
    }

    private static string Text(IFormattable number) => number.ToString(format: null, CultureInfo.InvariantCulture);
}
