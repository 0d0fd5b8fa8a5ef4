using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.KeyPairs;
using SpotTrainer.Market;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Launch;

/// <summary>The base of the cmdlets that are told what is to be launched.</summary>
public abstract class LaunchCmdlet : RegionsCmdlet
{
    private readonly List<SpotOffer> offers = [];
    private readonly List<string> types = [];

    /// <summary>The offers, tried in order.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Offer", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public SpotOffer[] Offer { get; set; } = [];

    /// <summary>Instance types, with wildcards: their offers are tried zone by zone, then type by type, then region by region.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Type", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    public string[] InstanceType { get; set; } = [];

    /// <summary>How many machines.</summary>
    [Parameter]
    [ValidateRange(1, 100)]
    public int Count { get; set; } = 1;

    /// <summary>The image, by its alias; the one that suits the type when left out.</summary>
    [Parameter]
    [ValidateSet("ubuntu-24.04", "ubuntu-22.04", "amazon-linux-2023", "deep-learning")]
    public string? Image { get; set; }

    /// <summary>The id of an image of your own, with cloud-init and systemd.</summary>
    [Parameter]
    [ValidatePattern("^ami-[0-9a-f]+$")]
    public string? ImageId { get; set; }

    /// <summary>Who logs in to an image that is given by its id.</summary>
    [Parameter]
    [ValidatePattern("^[a-z_][a-z0-9_-]*$")]
    public string UserName { get; set; } = "ubuntu";

    /// <summary>The root disk's size, in GiB.</summary>
    [Parameter]
    [ValidateRange(8, 16384)]
    public int VolumeSizeGiB { get; set; } = 30;

    /// <summary>The key pair, from New-TrainingKeyPair.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    public TrainingKeyPair? KeyPair { get; set; }

    /// <summary>The name of a key pair of the module's; made on the way when there is none.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyNameCompleter))]
    public string KeyName { get; set; } = KeyPairStore.DefaultName;

    /// <summary>The file of a private key of your own (.pem or .ppk): its public half is imported where it is needed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? KeyPath { get; set; }

    /// <summary>The id of a security group of your own; the module's, with your address only, when left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? SecurityGroup { get; set; }

    /// <summary>The address range that may connect; your own address when left out.</summary>
    [Parameter]
    [AddressRange]
    public string? AllowedCidr { get; set; }

    /// <summary>The id of a subnet of your own; the default one of the zone when left out.</summary>
    [Parameter]
    [ValidatePattern("^subnet-[0-9a-f]+$")]
    public string? Subnet { get; set; }

    /// <summary>The name or the ARN of an IAM instance profile.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? InstanceProfile { get; set; }

    /// <summary>The highest price to pay, in US dollars an hour; the on-demand price when left out.</summary>
    [Parameter]
    [ValidateRange(0.0001, 1000)]
    public decimal? MaxPrice { get; set; }

    /// <summary>The most that the call may cost, in US dollars, split over its machines: it fixes their deadlines.</summary>
    [Parameter]
    [ValidateRange(0.001, 1000000)]
    public decimal? Budget { get; set; }

    /// <summary>The most hours that each may run.</summary>
    [Parameter]
    [ValidateRange(0.1, 8760)]
    public double MaxHours { get; set; } = 8;

    /// <summary>Minutes without use after which each ends itself; 0 for never before its deadline.</summary>
    [Parameter]
    [ValidateRange(0, 527040)]
    public int IdleTimeout { get; set; } = 60;

    /// <summary>Tries the offers on demand, in the same order, when none of them can be had on the Spot market.</summary>
    [Parameter]
    public SwitchParameter OnDemandFallback { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Offer")
        {
            offers.AddRange(Offer);
        }
        else
        {
            types.AddRange(InstanceType);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        RequireOneOf(nameof(Image), nameof(ImageId));
        RequireOneOf(nameof(KeyPair), nameof(KeyName), nameof(KeyPath));
        RequireOneOf(nameof(SecurityGroup), nameof(AllowedCidr));
        if (types.Count > 0)
        {
            FindOffers();
        }

        if (offers.Count > 0)
        {
            try
            {
                var cloud = offers[0].Cloud;
                if (offers.Exists(offer => offer.Where != offers[0].Where || offer.Endpoint != offers[0].Endpoint))
                {
                    throw new SpotTrainerException("MixedClouds", ErrorKind.InvalidArgument,
                        "The offers belong to different accounts, or to a rehearsal and to AWS.", "Give the offers of one.", offers[0]);
                }

                Process(cloud, Request());
            }
            catch (SpotTrainerException exception)
            {
                WriteError(ErrorRecords.From(exception, offers[0]));
            }
        }

        base.EndProcessing();
    }

    /// <summary>Does what is to be done with the request.</summary>
    private protected abstract void Process(CloudContext cloud, LaunchRequest request);

    private LaunchRequest Request() => new()
    {
        Offers = offers,
        Count = Count,
        Image = new ImageChoice(Image, ImageId, UserName),
        VolumeSizeGiB = VolumeSizeGiB,
        KeyName = KeyPair?.Name ?? KeyName,
        KeyFile = KeyPath is null ? null : FullPath(KeyPath),
        SecurityGroup = SecurityGroup,
        AllowedCidr = AllowedCidr,
        Subnet = Subnet,
        InstanceProfile = InstanceProfile,
        MaxPrice = MaxPrice,
        Budget = Budget / Count,
        MaxHours = MaxHours,
        IdleTimeout = IdleTimeout,
        OnDemandFallback = OnDemandFallback,
    };

    private void RequireOneOf(params string[] parameters)
    {
        var given = parameters.Where(MyInvocation.BoundParameters.ContainsKey).Select(name => "-" + name).ToArray();
        if (given.Length > 1)
        {
            Fail(new SpotTrainerException("ParametersConflict", ErrorKind.InvalidArgument, $"{string.Join(" and ", given)} say different things.",
                "Give one of them.", given));
        }
    }

    private void FindOffers()
    {
        var cloud = ResolveCloud();
        var (given, criteria) = (Region, new OfferCriteria { InstanceTypes = types, MaxPrice = MaxPrice });
        Run(types, async stopping =>
            offers.AddRange(LaunchOrder.Of(await OfferFinder.FindAsync(cloud, await RegionsAsync(cloud, given, stopping), criteria, Output, stopping))));
    }
}
