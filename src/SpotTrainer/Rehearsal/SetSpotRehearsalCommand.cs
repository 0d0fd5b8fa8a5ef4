using System.Collections;
using System.Globalization;
using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Rehearsal;

/// <summary>Makes the rehearsal go wrong in the ways in which EC2 does: shortage, quotas, refusals, throttling, slow regions, prices, interruptions.</summary>
[Cmdlet(VerbsCommon.Set, "SpotRehearsal", SupportsShouldProcess = true, DefaultParameterSetName = ConditionsSet)]
[OutputType(typeof(SpotRehearsal), ParameterSetName = [ConditionsSet])]
[OutputType(typeof(SpotTrainingInstance), ParameterSetName = [InterruptSet, RebalanceSet])]
public sealed class SetSpotRehearsalCommand : StepCmdlet
{
    private const string ConditionsSet = "Conditions";
    private const string InterruptSet = "Interrupt";
    private const string RebalanceSet = "Rebalance";
    private const string StandardSpotQuota = "L-34B43A08";

    private readonly List<TrainingHost> hosts = [];

    /// <summary>The instances that are interrupted or warned: what New- or Get-SpotTrainingInstance gave, or any step's output.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = InterruptSet)]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = RebalanceSet)]
    [ValidateNotNull]
    [Alias("TrainingHost")]
    public TrainingHost[] Instance { get; set; } = [];

    /// <summary>Interrupts the instances: each is told, and ended by EC2 after the notice's time.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InterruptSet)]
    public SwitchParameter Interrupt { get; set; }

    /// <summary>Recommends to the instances that they be rebalanced, as EC2 does when the risk of an interruption is high.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RebalanceSet)]
    public SwitchParameter Rebalance { get; set; }

    /// <summary>How long before an interruption an instance is told; two minutes when never set.</summary>
    [Parameter(ParameterSetName = InterruptSet)]
    [Parameter(ParameterSetName = ConditionsSet)]
    [Duration(DurationUnit.Seconds)]
    public TimeSpan Notice { get; set; }

    /// <summary>Where there is no Spot capacity: types, zones, regions or type/zone, with wildcards.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [AllowEmptyCollection]
    [SupportsWildcards]
    public string[] NoCapacity { get; set; } = [];

    /// <summary>Where there is no on-demand capacity: types, zones, regions or type/zone, with wildcards.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [AllowEmptyCollection]
    [SupportsWildcards]
    public string[] NoOnDemandCapacity { get; set; } = [];

    /// <summary>The quota of standard Spot instances, in vCPUs.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [ValidateRange(0, int.MaxValue)]
    public int SpotQuota { get; set; }

    /// <summary>Quotas in vCPUs by the code that Service Quotas has for them; $null: the account has none of its own, and AWS's default holds.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [ValidateNotNull]
    public Hashtable Quota { get; set; } = [];

    /// <summary>What the account may not do: actions with their service or without (ec2:RunInstances, CreateTags, servicequotas:*).</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [AllowEmptyCollection]
    [SupportsWildcards]
    public string[] DenyAction { get; set; } = [];

    /// <summary>How many calls from now on get the answer that there were too many.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [ValidateRange(0, int.MaxValue)]
    public int ThrottleNext { get; set; }

    /// <summary>The share of calls that get the answer that there were too many, from 0 to 1.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [ValidateRange(0.0, 1.0)]
    public double ThrottleShare { get; set; }

    /// <summary>Which calls are throttled: an action with its service or without; all when left out.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string ThrottleAction { get; set; } = "*";

    /// <summary>Regions that answer slowly.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [AllowEmptyCollection]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string[] SlowRegion { get; set; } = [];

    /// <summary>How long a slow region takes for each call; a second when left out.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [Duration(DurationUnit.Seconds)]
    public TimeSpan Latency { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Regions that never answer.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [AllowEmptyCollection]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string[] DeadRegion { get; set; } = [];

    /// <summary>How long a new instance, security group or key pair is not found, as it happens on EC2 for a second or so.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [Duration(DurationUnit.Seconds)]
    public TimeSpan NotFoundFor { get; set; }

    /// <summary>Moves Spot prices from now on: what they are multiplied by, by type, zone, region or type/zone, with wildcards.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [ValidateNotNull]
    public Hashtable Price { get; set; } = [];

    /// <summary>Regions without a default VPC.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [AllowEmptyCollection]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string[] NoDefaultVpc { get; set; } = [];

    /// <summary>Takes the account's service-linked role for Spot away, as in an account that never had a Spot instance.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    public SwitchParameter NoSpotRole { get; set; }

    /// <summary>Sets everything back to a rehearsal in which nothing goes wrong; what else is given holds afterwards.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    public SwitchParameter Reset { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => hosts.AddRange(Instance);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ActiveRehearsal.Current is not { } rehearsal)
        {
            WriteError(ErrorRecords.From(new SpotTrainerException("NoRehearsal", ErrorKind.ObjectNotFound, "No rehearsal is on in this session.",
                "Start one with Start-SpotRehearsal, or run this in the session that holds it."), target: null));
            return;
        }

        if (ParameterSetName == ConditionsSet)
        {
            Change(rehearsal);
        }
        else
        {
            foreach (var host in hosts)
            {
                Notify(rehearsal, host);
            }
        }

        base.EndProcessing();
    }

    private void Change(SpotRehearsal rehearsal)
    {
        RehearsalChange change;
        try
        {
            change = ReadChange();
        }
        catch (SpotTrainerException exception)
        {
            Fail(exception);
            throw;
        }

        var names = MyInvocation.BoundParameters.Keys.Where(name => !CommonParameters.Contains(name) && !OptionalCommonParameters.Contains(name));
        if (ShouldProcess(rehearsal.ToString(), $"set {string.Join(", ", names)}"))
        {
            Run(rehearsal, async _ =>
            {
                await rehearsal.Host.ChangeAsync(change);
                await Output.ObjectAsync(rehearsal);
            });
        }
    }

    private void Notify(SpotRehearsal rehearsal, TrainingHost host)
    {
        var (interrupt, notice) = (ParameterSetName == InterruptSet, IsBound(nameof(Notice)) ? Notice : (TimeSpan?)null);
        if (ShouldProcess(host.ToString(), interrupt ? "interrupt it" : "recommend a rebalance"))
        {
            Run(host, async _ =>
            {
                var instance = host as SpotTrainingInstance ?? throw new SpotTrainerException("NotAnInstance", ErrorKind.InvalidArgument,
                    $"{host} is not an instance that the module launched.", "Give what New- or Get-SpotTrainingInstance gave.", host);
                if (!ReferenceEquals(instance.Cloud, rehearsal.Cloud))
                {
                    throw new SpotTrainerException("NotOfRehearsal", ErrorKind.InvalidArgument, $"{instance} is not an instance of the rehearsal that is on.",
                        "Give one of this rehearsal: no other can be interrupted on request.", instance);
                }

                await (interrupt ? rehearsal.Host.InterruptAsync(instance.Region, instance.InstanceId, notice)
                    : rehearsal.Host.RecommendRebalanceAsync(instance.Region, instance.InstanceId));
                await Output.ObjectAsync(instance);
            });
        }
    }

    private RehearsalChange ReadChange() => new()
    {
        Reset = Reset,
        NoCapacity = Bound(nameof(NoCapacity), NoCapacity),
        NoOnDemandCapacity = Bound(nameof(NoOnDemandCapacity), NoOnDemandCapacity),
        Quotas = ReadQuotas(),
        Denied = Bound(nameof(DenyAction), DenyAction),
        ThrottledAction = ThrottleAction,
        ThrottleNext = IsBound(nameof(ThrottleNext)) ? ThrottleNext : null,
        ThrottleShare = IsBound(nameof(ThrottleShare)) ? ThrottleShare : null,
        SlowRegions = Bound(nameof(SlowRegion), SlowRegion),
        Latency = Latency,
        DeadRegions = Bound(nameof(DeadRegion), DeadRegion),
        NotFoundFor = IsBound(nameof(NotFoundFor)) ? NotFoundFor : null,
        PriceFactors = Price.Cast<DictionaryEntry>().ToDictionary(
            entry => Text(entry.Key), entry => Number(nameof(Price), entry.Value) is { } factor and > 0 ? factor : throw NoNumber(nameof(Price), entry.Value), StringComparer.Ordinal),
        NoDefaultVpc = Bound(nameof(NoDefaultVpc), NoDefaultVpc),
        NoSpotRole = IsBound(nameof(NoSpotRole)) ? NoSpotRole.IsPresent : null,
        InterruptionNotice = IsBound(nameof(Notice)) ? Notice : null,
    };

    private Dictionary<string, int?> ReadQuotas()
    {
        var quotas = Quota.Cast<DictionaryEntry>().ToDictionary(
            entry => Text(entry.Key), entry => entry.Value is null ? null : (int?)Number(nameof(Quota), entry.Value), StringComparer.OrdinalIgnoreCase);
        if (IsBound(nameof(SpotQuota)))
        {
            quotas[StandardSpotQuota] = SpotQuota;
        }

        return quotas;
    }

    private bool IsBound(string name) => MyInvocation.BoundParameters.ContainsKey(name);

    private string[]? Bound(string name, string[] value) => IsBound(name) ? value : null;

    private static string Text(object key) => Convert.ToString(key, CultureInfo.InvariantCulture) ?? string.Empty;

    private static decimal Number(string parameter, object? value)
    {
        try
        {
            return Convert.ToDecimal(value is PSObject wrapped ? wrapped.BaseObject : value, CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is FormatException or InvalidCastException or OverflowException)
        {
            throw NoNumber(parameter, value);
        }
    }

    private static SpotTrainerException NoNumber(string parameter, object? value) => new(
        "NumberInvalid", ErrorKind.InvalidArgument, $"'{value}' is no number that -{parameter} can take.", "Give a number above zero.", value);
}
