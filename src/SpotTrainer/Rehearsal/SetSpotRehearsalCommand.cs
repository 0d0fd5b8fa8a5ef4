using System.Collections;
using System.Globalization;
using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Market;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Rehearsal;

/// <summary>
/// Makes a rehearsal fail the way EC2 does: no capacity, quotas, denied actions, throttling, slow regions, prices, and interruptions.
/// </summary>
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

    /// <summary>
    /// The instances to interrupt or to notify: the output of New-SpotTrainingInstance, Get-SpotTrainingInstance, or any step, which has
    /// its instance in the property <c>Instance</c>.
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = InterruptSet)]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = RebalanceSet)]
    [ValidateNotNull]
    [Alias("TrainingHost")]
    [HostReference]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public TrainingHost[] Instance { get; set; } = [];

    /// <summary>Interrupts the instances. Each one is notified. When the notice time is over, its system is shut down.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InterruptSet)]
    public SwitchParameter Interrupt { get; set; }

    /// <summary>Sends a rebalance recommendation to the instances, as EC2 does when the risk of an interruption is high.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RebalanceSet)]
    public SwitchParameter Rebalance { get; set; }

    /// <summary>
    /// How long before an interruption the instance is notified: a number of seconds, or a time such as 0:0:20 (hours:minutes:seconds). The
    /// default is two minutes. With -Interrupt, it applies to this interruption only.
    /// </summary>
    [Parameter(ParameterSetName = InterruptSet)]
    [Parameter(ParameterSetName = ConditionsSet)]
    [Duration(DurationUnit.Seconds)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan Notice { get; set; }

    /// <summary>What has no Spot capacity: types, zones, regions, or type/zone, with wildcards.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [AllowEmptyCollection]
    [ValidateNotNull]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(OfferPatternCompleter))]
    public string[] NoCapacity { get; set; } = [];

    /// <summary>What has no on-demand capacity: types, zones, regions, or type/zone, with wildcards.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [AllowEmptyCollection]
    [ValidateNotNull]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(OfferPatternCompleter))]
    public string[] NoOnDemandCapacity { get; set; } = [];

    /// <summary>The account's quota of standard Spot instances in each region, in vCPUs.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [ValidateRange(0, int.MaxValue)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int SpotQuota { get; set; }

    /// <summary>Quotas in vCPUs, by their Service Quotas codes. With $null, AWS's default applies.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public Hashtable Quota { get; set; } = [];

    /// <summary>
    /// Actions that the account is not allowed to perform, with or without their service (ec2:RunInstances, CreateTags, servicequotas:*).
    /// </summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [AllowEmptyCollection]
    [ValidateNotNull]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ActionCompleter))]
    public string[] DenyAction { get; set; } = [];

    /// <summary>How many of the next calls are throttled.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [ValidateRange(0, int.MaxValue)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int ThrottleNext { get; set; }

    /// <summary>The fraction of calls that are throttled, from 0 to 1.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [ValidateRange(0.0, 1.0)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public double ThrottleShare { get; set; }

    /// <summary>The action that is throttled, with or without its service. The default is all actions.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ActionCompleter))]
    public string ThrottleAction { get; set; } = "*";

    /// <summary>Regions that respond slowly.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [AllowEmptyCollection]
    [ValidateNotNull]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string[] SlowRegion { get; set; } = [];

    /// <summary>
    /// The delay of each call to a slow region: a number of seconds, or a time such as 0:0:20 (hours:minutes:seconds). The default is one
    /// second.
    /// </summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [Duration(DurationUnit.Seconds)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan Latency { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Regions that never respond.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [AllowEmptyCollection]
    [ValidateNotNull]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string[] DeadRegion { get; set; } = [];

    /// <summary>
    /// How long a new instance, security group, or key pair is not found, which on EC2 can take a second or so: a number of seconds, or a
    /// time such as 0:0:20 (hours:minutes:seconds).
    /// </summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [Duration(DurationUnit.Seconds)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan NotFoundFor { get; set; }

    /// <summary>Factors for the Spot prices from now on, by type, zone, region, or type/zone, with wildcards.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public Hashtable Price { get; set; } = [];

    /// <summary>Regions without a default VPC.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    [AllowEmptyCollection]
    [ValidateNotNull]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string[] NoDefaultVpc { get; set; } = [];

    /// <summary>Removes the account's service-linked role for Spot, as in an account that never had a Spot instance.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    public SwitchParameter NoSpotRole { get; set; }

    /// <summary>Resets all conditions, so that nothing goes wrong. Other parameters apply afterward.</summary>
    [Parameter(ParameterSetName = ConditionsSet)]
    public SwitchParameter Reset { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => hosts.AddRange(Instance);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ActiveRehearsal.Current is not { } rehearsal)
        {
            WriteError(ErrorRecords.From(new SpotTrainerException("NoRehearsal", ErrorKind.ObjectNotFound,
                "No rehearsal is running in this session.",
                "Start one with Start-SpotRehearsal, or run this in the session that started it."), target: null));
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

        var names = MyInvocation.BoundParameters.Keys.Where(
            name => !CommonParameters.Contains(name) && !OptionalCommonParameters.Contains(name));
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
        if (ShouldProcess(host.ToString(), interrupt ? "interrupt" : "recommend a rebalance"))
        {
            Run(host, async stopping =>
            {
                foreach (var found in await HostFinder.ResolveAsync(host, Context, stopping))
                {
                    var instance = SpotTrainingInstance.Require(found);
                    if (!ReferenceEquals(instance.Cloud, rehearsal.Cloud))
                    {
                        throw new SpotTrainerException("NotOfRehearsal", ErrorKind.InvalidArgument,
                            $"{instance} does not belong to the running rehearsal.",
                            "Use an instance of this rehearsal. No other can be interrupted on request.", instance);
                    }

                    await (interrupt ? rehearsal.Host.InterruptAsync(instance.Region, instance.InstanceId, notice)
                        : rehearsal.Host.RecommendRebalanceAsync(instance.Region, instance.InstanceId));
                    await Output.ObjectAsync(instance);
                }
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
            entry => Text(entry.Key),
            entry => Number(nameof(Price), entry.Value) is { } factor and > 0 ? factor : throw NoNumber(nameof(Price), entry.Value),
            StringComparer.Ordinal),
        NoDefaultVpc = Bound(nameof(NoDefaultVpc), NoDefaultVpc),
        NoSpotRole = IsBound(nameof(NoSpotRole)) ? NoSpotRole.IsPresent : null,
        InterruptionNotice = IsBound(nameof(Notice)) ? Notice : null,
    };

    private Dictionary<string, int?> ReadQuotas()
    {
        var quotas = Quota.Cast<DictionaryEntry>().ToDictionary(
            entry => Text(entry.Key), entry => entry.Value is null ? null : (int?)Whole(nameof(Quota), entry.Value),
            StringComparer.OrdinalIgnoreCase);
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

    /// <summary>A number of vCPUs: whole, and not below zero.</summary>
    private static int Whole(string parameter, object? value) =>
        Number(parameter, value) is var number && number >= 0 && number <= int.MaxValue && number == decimal.Truncate(number)
            ? (int)number : throw NoNumber(parameter, value);

    private static SpotTrainerException NoNumber(string parameter, object? value) => new(
        "NumberInvalid", ErrorKind.InvalidArgument, $"'{value}' is not a number that -{parameter} accepts.",
        parameter == nameof(Quota) ? "Use a whole number, 0 or more, or $null for AWS's default." : "Use a number greater than zero.", value);
}
