using System.Collections;
using System.Globalization;
using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Keys;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Launches Spot machines that end themselves at their deadline, each from the first offer that has capacity.</summary>
[Cmdlet(VerbsCommon.New, "SpotTrainingInstance", SupportsShouldProcess = true, DefaultParameterSetName = "Offer")]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class NewSpotTrainingInstanceCommand : LaunchCmdlet
{
    /// <summary>The machine's name. Of several, each has a number after it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "training";

    /// <summary>Tags of your own.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable Tag { get; set; } = [];

    /// <summary>Does not wait until the machine is ready. Wait-SpotTrainingInstance does, and reads the deadline back.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    private protected override void Process(CloudContext cloud, LaunchRequest request)
    {
        request = request with
        {
            NoWait = NoWait,
            Tags = Tag.Cast<DictionaryEntry>().ToDictionary(
                entry => Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!, entry => Convert.ToString(entry.Value, CultureInfo.InvariantCulture)!,
                StringComparer.Ordinal),
        };
        var first = request.Offers[0];
        if (!ShouldProcess($"{first} ({cloud.Where})", Describe(request.PlanDeadline(first), request)))
        {
            return;
        }

        if (first.Size.NeedsNvidiaDriver && request.Image.Alias is { } alias && !ImageResolver.HasDriver(alias))
        {
            WriteWarning($"{first.InstanceType} has GPUs, and the image '{alias}' has no driver for them: -Image deep-learning has.");
        }

        if (request.KeyFile is { } file)
        {
            request = request with { KeyName = new KeyPairFolder(cloud.KeyFolder).Adopt(file) };
        }

        var preparation = new LaunchPreparation(cloud, request, Output);
        for (var number = 1; number <= request.Count; number++)
        {
            var launcher = new Launcher(
                cloud, request with { Name = request.Count == 1 ? Name : $"{Name}-{number.ToString(CultureInfo.InvariantCulture)}" }, preparation, Output);
            Start(first, async stopping => Output.Object(await launcher.LaunchAsync(stopping)));
        }
    }

    private static string Describe(DeadlinePlan plan, LaunchRequest request) => string.Format(
        CultureInfo.CurrentCulture, "launch {0}for at most {1:0.##} hours ({2:0.##} expected), at most {3:0.00} USD{4}, traffic out not included",
        request.Count == 1 ? string.Empty : $"{request.Count} machines ", plan.Time.TotalHours, plan.Expected.TotalHours, plan.HighestCost * request.Count,
        request.OnDemandFallback ? " (on demand for a shorter time, if there is no Spot capacity)" : string.Empty);
}
