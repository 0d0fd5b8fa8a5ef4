using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.KeyPairs;
using SpotTrainer.Market;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Launch;

/// <summary>The base of the cmdlets that describe a launch.</summary>
public abstract class LaunchCmdlet : RegionsCmdlet
{
    private readonly List<SpotOffer> offers = [];
    private readonly List<string> types = [];

    /// <summary>
    /// The offers, from Find-SpotOffer, or types with zones, such as m7i.large/us-east-1a. They are tried in order until one has capacity.
    /// Offers from Import-Clixml or another process are looked up again.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = "Offer", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [OfferReference]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public SpotOffer[] Offer { get; set; } = [];

    /// <summary>
    /// Instance types, with wildcards. All zones of the cheapest type are tried first, then the next type, then the next region. Tab
    /// completes families.
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Type", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    [PlainText]
    public string[] InstanceType { get; set; } = [];

    /// <summary>The number of instances. If there are several, each has a number after its name and its share of the budget.</summary>
    [Parameter]
    [ValidateRange(1, 100)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int Count { get; set; } = 1;

    /// <summary>
    /// The image, by alias: ubuntu-24.04, ubuntu-22.04, debian-13, amazon-linux-2023, or deep-learning, which has NVIDIA's open driver (for
    /// T4 and later). The image for the architecture of the type is used. The default is deep-learning for types with NVIDIA GPUs,
    /// otherwise ubuntu-24.04.
    /// </summary>
    [Parameter]
    [ValidateSet("ubuntu-24.04", "ubuntu-22.04", "debian-13", "amazon-linux-2023", "deep-learning")]
    public string? Image { get; set; }

    /// <summary>The ID of an image of your own, such as ami-0123456789abcdef0. It needs cloud-init and systemd.</summary>
    [Parameter]
    [ValidatePattern("^ami-[0-9a-f]+$")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? ImageId { get; set; }

    /// <summary>The user name for login to an image given by ID.</summary>
    [Parameter]
    [ValidatePattern("^[a-z_][a-z0-9_-]*$")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string UserName { get; set; } = "ubuntu";

    /// <summary>
    /// The size of the root disk, in GiB, from 8 to 16384. If the image needs more, the disk is as large as the image needs.
    /// </summary>
    [Parameter]
    [ValidateRange(8, 16384)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int VolumeSizeGiB { get; set; } = 30;

    /// <summary>The key pair, from New-TrainingKeyPair, or its name.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [KeyPairReference]
    [ArgumentCompleter(typeof(KeyNameCompleter))]
    public TrainingKeyPair? KeyPair { get; set; }

    /// <summary>
    /// The name of one of the module's key pairs. It is created if it does not exist. Tab completes the names on this computer.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyNameCompleter))]
    public string KeyName { get; set; } = KeyPairStore.DefaultName;

    /// <summary>
    /// A private key file of your own, RSA or Ed25519, in EC2's .pem or PuTTY's .ppk format. Its public key is imported to EC2. A copy of
    /// the private key is kept in the module's folder, so that every later session can log in.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? KeyPath { get; set; }

    /// <summary>
    /// The ID or the name of a security group of your own, or an object from New-TrainingSecurityGroup. It is not changed. The default is the module's
    /// group, which admits only your current address.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SecurityGroupCompleter))]
    public string? SecurityGroup { get; set; }

    /// <summary>
    /// The IPv4 range that may connect, such as 198.51.100.0/24, for this launch only. A range wider than /8 causes a warning. The default
    /// is your current address.
    /// </summary>
    [Parameter]
    [AddressRange]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? AllowedCidr { get; set; }

    /// <summary>
    /// The ID of a subnet of your own. Only offers in its zone can be launched. The default is the default subnet of the offer's zone.
    /// </summary>
    [Parameter]
    [ValidatePattern("^subnet-[0-9a-f]+$")]
    [ArgumentCompleter(typeof(SubnetCompleter))]
    public string? Subnet { get; set; }

    /// <summary>The name or the ARN of an IAM instance profile for the instance.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(InstanceProfileCompleter))]
    public string? InstanceProfile { get; set; }

    /// <summary>
    /// The maximum price, in US dollars per hour, on the Spot market and on demand. The default is the on-demand price, which no Spot price
    /// exceeds.
    /// </summary>
    [Parameter]
    [ValidateRange(0.0001, 1000)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public decimal? MaxPrice { get; set; }

    /// <summary>
    /// The most that the launch may cost, in US dollars, split evenly over its instances. It limits their deadlines. It includes disk and
    /// IPv4 address, but not outbound traffic.
    /// </summary>
    [Parameter]
    [ValidateRange(0.001, 1000000)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public decimal? Budget { get; set; }

    /// <summary>The longest time that each instance may run: a number of hours, or a time such as 0:30 (hours:minutes).</summary>
    [Parameter]
    [Duration(DurationUnit.Hours, Shortest = 0.1, Longest = 8760)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan MaxHours { get; set; } = TimeSpan.FromHours(8);

    /// <summary>
    /// The idle time after which each instance terminates itself before its deadline: a number of minutes, or a time such as 0:30
    /// (hours:minutes), up to a year. 0 means never.
    /// </summary>
    [Parameter]
    [Duration(DurationUnit.Minutes, Longest = 527040)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(60);

    /// <summary>
    /// Tries the offers on demand, in the same order, if none of them has Spot capacity. The deadline is then based on the on-demand price.
    /// </summary>
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
                if (Get(offers, stopping => OfferFinder.ResolveAsync(offers, ResolveCloud, Context, stopping)) is not { } found)
                {
                    base.EndProcessing();
                    return;
                }

                var cloud = found.Count > 0 ? LaunchStep.CloudOf(found) : ResolveCloud();
                var request = Complete(Request()) with { Offers = found };
                if (Get(offers.Count > 0 ? offers[0] : types,
                    stopping => LaunchStep.PrepareAsync(cloud, request, Context, stopping)) is { } step)
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

    /// <summary>Adds the cmdlet's own parameters.</summary>
    private protected virtual LaunchRequest Complete(LaunchRequest request) => request;

    /// <summary>Does the cmdlet's work on the prepared launch.</summary>
    private protected abstract void Process(CloudContext cloud, LaunchStep step);

    private LaunchRequest Request() => new()
    {
        IsNew = true,
        InstanceTypes = types,
        Regions = Region,
        Count = Count,
        Image = new ImageChoice(Image, ImageId, UserName),
        VolumeSizeGiB = VolumeSizeGiB,
        KeyName = KeyPair?.ExactName ?? KeyName,
        KeyMustExist = KeyPair is not null,
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
            Fail(new SpotTrainerException(
                "ParametersConflict", ErrorKind.InvalidArgument, $"{string.Join(" and ", given)} cannot be used together.",
                "Use only one of them.", given));
        }
    }
}
