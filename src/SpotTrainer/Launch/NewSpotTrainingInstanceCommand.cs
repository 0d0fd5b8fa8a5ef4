using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Money;

namespace SpotTrainer.Launch;

/// <summary>Launches Spot machines that end themselves at their deadline, each from the first offer that has capacity.</summary>
[Cmdlet(VerbsCommon.New, "SpotTrainingInstance", SupportsShouldProcess = true, DefaultParameterSetName = "Offer")]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class NewSpotTrainingInstanceCommand : LaunchCmdlet
{
    private static readonly TimeSpan PreviewTimeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, SpotTrainingInstance> launched = new(StringComparer.Ordinal);

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

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing && !launched.IsEmpty)
        {
            // The pipeline ended before it had taken them.
            Output.CleanupWarning($"{string.Join(", ", launched.Values)} run, though the pipeline has ended: see Get-SpotTrainingInstance.");
            launched.Clear();
        }
    }

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
        RequireTags(request.Tags);
        var preparation = new LaunchPreparation(cloud, request, Output);
        if (!ShouldProcess($"{first}{(request.Offers.Count > 1 ? $", or the next of {request.Offers.Count} offers" : string.Empty)} ({cloud.Where})", Describe(WithDisk(request, preparation))))
        {
            return;
        }

        if (first.Size.NeedsNvidiaDriver && request.Image.Alias is { } alias && !ImageResolver.HasDriver(alias))
        {
            WriteWarning($"{first.InstanceType} has GPUs, and the image '{alias}' has no driver for them: -Image deep-learning has.");
        }

        for (var number = 1; number <= request.Count; number++)
        {
            var launcher = new Launcher(
                cloud, request with { Name = request.Count == 1 ? Name : $"{Name}-{number.ToString(CultureInfo.InvariantCulture)}" }, preparation, Output);
            Start(first, async stopping =>
            {
                var instance = await launcher.LaunchAsync(stopping);
                launched[instance.InstanceId] = instance;
                Output.Object(instance, written: () => launched.TryRemove(instance.InstanceId, out _));
            });
        }
    }

    /// <summary>EC2 would refuse them only when key pair and group are made.</summary>
    private static void RequireTags(IReadOnlyDictionary<string, string> tags)
    {
        var wrong = tags.Keys.FirstOrDefault(key => key is "" or ModuleTags.Name || key.Length > 128 || key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase)
            || key.StartsWith(ModuleTags.Prefix, StringComparison.OrdinalIgnoreCase) || tags[key].Length > 256);
        if (wrong is not null || tags.Count > ModuleTags.MostOfUsers)
        {
            throw new SpotTrainerException("TagInvalid", ErrorKind.InvalidArgument,
                wrong is null ? $"There are {tags.Count} tags, and EC2 has room for {ModuleTags.MostOfUsers}." : $"The tag '{wrong}' is the module's or AWS's own, or too long.",
                "Give other tags with -Tag; the machine's name with -Name.", wrong ?? "Tag");
        }
    }

    /// <summary>
    /// An image may need a larger disk than was asked for, and the user is to see what that one costs: of each kind of image, from the first offer. One
    /// that can't be had soon is left to the launch.
    /// </summary>
    private LaunchRequest WithDisk(LaunchRequest request, LaunchPreparation preparation)
    {
        var sized = request;
        Run(request.Offers[0], async stopping =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            limit.CancelAfter(PreviewTimeout);
            var images = request.Offers.GroupBy(LaunchPreparation.ImageKindOf, StringComparer.Ordinal).Select(kind => preparation.ImageAsync(kind.First(), limit.Token)).ToArray();
            foreach (var image in images)
            {
                try
                {
                    sized = sized.WithDiskFor(await image);
                }
                catch (Exception exception) when (!stopping.IsCancellationRequested)
                {
                    Output.Verbose(ErrorTranslation.Translate(exception, request.Offers[0]).Message);
                }
            }
        });
        return sized;
    }

    /// <summary>What it can cost at most, whichever of the offers is launched, and how long the first that can be reckoned runs.</summary>
    private static string Describe(LaunchRequest request)
    {
        var plans = new List<DeadlinePlan>();
        SpotTrainerException? error = null;
        foreach (var (offer, onDemand) in Launcher.TriesOf(request))
        {
            try
            {
                plans.Add(request.PlanDeadline(offer, onDemand));
            }
            catch (SpotTrainerException exception)
            {
                // The launch tries the next, too.
                error ??= exception;
            }
        }

        if (plans.Count == 0)
        {
            throw error!;
        }

        return string.Format(
            CultureInfo.CurrentCulture, "launch {0}for at most {1:0.##} hours ({2:0.##} expected), at most {3:0.00} USD, traffic out not included",
            request.Count == 1 ? string.Empty : $"{request.Count} machines ", plans[0].Time.TotalHours, plans[0].Expected.TotalHours, plans.Max(plan => plan.HighestCost) * request.Count);
    }
}
