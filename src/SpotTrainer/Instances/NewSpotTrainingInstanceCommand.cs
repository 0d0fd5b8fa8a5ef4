using System.Collections;
using System.Globalization;
using System.Management.Automation;
using SpotTrainer.Keys;
using SpotTrainer.Market;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Launches one Spot machine that ends itself at its deadline, from the first offer that has capacity.</summary>
[Cmdlet(VerbsCommon.New, "SpotTrainingInstance", SupportsShouldProcess = true, DefaultParameterSetName = "Offer")]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class NewSpotTrainingInstanceCommand : CloudCmdlet
{
    private readonly List<SpotOffer> offers = [];

    /// <summary>The offers, tried in order.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Offer", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public SpotOffer[] Offer { get; set; } = [];

    /// <summary>Instance types, with wildcards: the cheapest offer of them is launched.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Type")]
    [ValidateNotNullOrEmpty]
    public string[] InstanceType { get; set; } = [];

    /// <summary>The machine's name.</summary>
    [Parameter]
    public string Name { get; set; } = "training";

    /// <summary>The image, by its alias.</summary>
    [Parameter]
    [ValidateSet("ubuntu-24.04", "ubuntu-22.04", "amazon-linux-2023", "deep-learning")]
    public string Image { get; set; } = ImageResolver.DefaultAlias;

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

    /// <summary>The id of a security group of your own; the module's, with your address only, when left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? SecurityGroupId { get; set; }

    /// <summary>The address range that may connect; your own address when left out.</summary>
    [Parameter]
    [ValidatePattern(@"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$")]
    public string? AllowedCidr { get; set; }

    /// <summary>The highest price to pay, in US dollars an hour; the on-demand price when left out.</summary>
    [Parameter]
    [ValidateRange(0.0001, 1000)]
    public decimal? MaxPrice { get; set; }

    /// <summary>The most that the machine may cost, in US dollars: it fixes the deadline.</summary>
    [Parameter]
    [ValidateRange(0.001, 1000000)]
    public decimal? Budget { get; set; }

    /// <summary>The most hours that it may run.</summary>
    [Parameter]
    [ValidateRange(0.1, 8760)]
    public double MaxHours { get; set; } = 8;

    /// <summary>After how many minutes without use it ends itself, before the deadline; 0: never.</summary>
    [Parameter]
    [ValidateRange(0, 525600)]
    public int IdleTimeout { get; set; } = 60;

    /// <summary>Tags of your own.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable Tag { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Offer")
        {
            offers.AddRange(Offer);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ParameterSetName == "Type")
        {
            FindOffers();
        }

        if (offers.Count == 0)
        {
            return;
        }

        var cloud = offers[0].Cloud;
        if (offers.Exists(offer => offer.Where != offers[0].Where || offer.Endpoint != offers[0].Endpoint))
        {
            WriteError(ErrorRecords.From(new SpotTrainerException("MixedClouds", ErrorKind.InvalidArgument,
                "The offers belong to different accounts, or to a rehearsal and to AWS.", "Give the offers of one.", offers[0]), offers[0]));
            return;
        }

        var request = new LaunchRequest
        {
            Offers = offers,
            Name = Name,
            Image = Image,
            VolumeSizeGiB = VolumeSizeGiB,
            KeyName = KeyPair?.Name ?? KeyName,
            SecurityGroupId = SecurityGroupId,
            AllowedCidr = AllowedCidr,
            MaxPrice = MaxPrice,
            Budget = Budget,
            MaxHours = MaxHours,
            IdleTimeout = IdleTimeout,
            Tags = Tag.Cast<DictionaryEntry>().ToDictionary(
                entry => Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!, entry => Convert.ToString(entry.Value, CultureInfo.InvariantCulture)!,
                StringComparer.Ordinal),
        };
        try
        {
            if (ShouldProcess($"{offers[0]} ({cloud.Where})", Describe(request.PlanDeadline(offers[0]))))
            {
                Run(offers[0], async stopping => Output.Object(await new Launcher(cloud, request, Output).LaunchAsync(stopping)));
            }
        }
        catch (SpotTrainerException exception)
        {
            WriteError(ErrorRecords.From(exception, offers[0]));
        }
    }

    private static string Describe(DeadlinePlan plan) => string.Format(
        CultureInfo.CurrentCulture, "launch for at most {0:0.##} hours ({1:0.##} expected), at most {2:0.00} USD, traffic out not included",
        plan.Time.TotalHours, plan.Expected.TotalHours, plan.HighestCost);

    private void FindOffers()
    {
        var cloud = ResolveCloud();
        var criteria = new OfferCriteria { InstanceTypes = InstanceType, MaxPrice = MaxPrice, First = 5 };
        Run(InstanceType, async stopping =>
            offers.AddRange(await OfferFinder.FindAsync(cloud, Region ?? cloud.Region, criteria, Output, stopping)));
    }
}
