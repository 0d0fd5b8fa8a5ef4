using System.Collections;
using System.Globalization;
using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Launch;

/// <summary>Launches Spot instances that terminate themselves at their deadline, each from the first offer that has capacity.</summary>
[Cmdlet(VerbsCommon.New, "SpotTrainingInstance", SupportsShouldProcess = true, DefaultParameterSetName = "Offer")]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class NewSpotTrainingInstanceCommand : LaunchCmdlet
{
    /// <summary>
    /// The name of the instance, to find it with Get-SpotTrainingInstance. If there are several, each has a number after it.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [PlainName]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Name { get; set; } = "training";

    /// <summary>Tags of your own, as a hashtable.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public Hashtable Tag { get; set; } = [];

    /// <summary>
    /// Returns the instance as soon as EC2 has launched it. Its deadline is not verified then. Wait-SpotTrainingInstance verifies it.
    /// </summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    private protected override IStepLog Log =>
        IsWhatIf ? Output : new LogWithoutRepeats(Output, RunspaceSession.Current, TimeProvider.System);

    private protected override LaunchRequest Complete(LaunchRequest request) => request with
    {
        Name = Name,
        NoWait = NoWait,
        Tags = Tag.Cast<DictionaryEntry>().ToDictionary(entry => Text(entry.Key), entry => Text(entry.Value), StringComparer.Ordinal),
    };

    private protected override void Process(CloudContext cloud, LaunchStep step)
    {
        var first = step.Request.Offers[0];
        if (Get(first, step.DescribeAsync) is not { } action)
        {
            return;
        }

        step.Warn(isPreview: IsWhatIf);
        Run(first, step.WarnOfNamesakesAsync);
        if (!ShouldProcess(step.Target, action))
        {
            return;
        }

        for (var number = 1; number <= step.Request.Count; number++)
        {
            var which = number;
            Start(first, stopping => step.EnsureOneAsync(which, Output.ObjectAsync, stopping));
        }
    }

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;
}
