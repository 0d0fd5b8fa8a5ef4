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

    /// <summary>The longest that each may run: a number of hours, or a time such as 0:30.</summary>
    [Parameter]
    [Duration(DurationUnit.Hours, Shortest = 0.1, Longest = 8760)]
    public TimeSpan MaxHours { get; set; } = TimeSpan.FromHours(8);

    /// <summary>The time without use after which each ends itself: a number of minutes, or a time such as 0:30. 0 for never before its deadline.</summary>
    [Parameter]
    [Duration(DurationUnit.Minutes, Longest = 527040)]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(60);

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
        if (offers.Count + types.Count > 0)
        {
            try
            {
                var cloud = offers.Count > 0 ? LaunchStep.CloudOf(offers) : ResolveCloud();
                var request = Complete(Request());
                if (Get(offers.Count > 0 ? offers[0] : types, stopping => LaunchStep.PrepareAsync(cloud, request, Context, stopping)) is { } step)
                {
                    Process(cloud, step);
                }
            }
            catch (SpotTrainerException exception)
            {
                WriteError(ErrorRecords.From(exception, offers.FirstOrDefault()));
            }
        }

        base.EndProcessing();
    }

    /// <summary>Adds what only this cmdlet knows.</summary>
    private protected virtual LaunchRequest Complete(LaunchRequest request) => request;

    /// <summary>Does what is to be done with the launch.</summary>
    private protected abstract void Process(CloudContext cloud, LaunchStep step);

    private LaunchRequest Request() => new()
    {
        IsNew = true,
        Offers = offers,
        InstanceTypes = types,
        Regions = Region,
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
        Budget = Budget,
        LongestTime = MaxHours,
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
}
