using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>Finds the offers on EC2's Spot market, cheapest first.</summary>
[Cmdlet(VerbsCommon.Find, "SpotOffer")]
[OutputType(typeof(SpotOffer))]
public sealed class FindSpotOfferCommand : RegionsCmdlet
{
    private readonly List<string> types = [];

    /// <summary>
    /// The instance types, with wildcards, such as <c>m7i.*</c>. Burstable, bare-metal, and previous-generation types are returned only if
    /// you name them here. Tab completes families.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    [PlainText]
    public string[] InstanceType { get; set; } = [];

    /// <summary>The minimum number of vCPUs.</summary>
    [Parameter]
    [ValidateRange(1, 1024)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int MinVCpu { get; set; } = 1;

    /// <summary>The minimum memory, in GiB.</summary>
    [Parameter]
    [ValidateRange(0, 65536)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public double MinMemoryGiB { get; set; }

    /// <summary>The minimum number of GPUs.</summary>
    [Parameter]
    [ValidateRange(0, 64)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int MinGpu { get; set; }

    /// <summary>The GPU models as EC2 names them, with wildcards, such as T4, A10G, or L40S. Tab completes them.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(GpuModelCompleter))]
    public string[] GpuModel { get; set; } = [];

    /// <summary>
    /// The minimum memory of one GPU, in GiB, as its maker advertises it: 24 finds the A10G, which has 22.35 GiB of usable memory.
    /// </summary>
    [Parameter]
    [ValidateRange(0, 4096)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public double MinGpuMemoryGiB { get; set; }

    /// <summary>The processor architecture, <c>x86_64</c> or <c>arm64</c>. The default is both.</summary>
    [Parameter]
    [ValidateSet("x86_64", "arm64")]
    public string? Architecture { get; set; }

    /// <summary>The highest Spot price, in US dollars per hour.</summary>
    [Parameter]
    [ValidateRange(0.0001, 1000)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public decimal? MaxPrice { get; set; }

    /// <summary>The days of price history to summarize, up to 90; 0 for none.</summary>
    [Parameter]
    [ValidateRange(0, 90)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int Days { get; set; } = 7;

    /// <summary>The maximum number of offers to return. The default is all.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int First { get; set; }

    /// <summary>
    /// Adds EC2's placement score of each zone, for the whole set of types that were found. EC2 is asked once for every ten regions and
    /// returns the scores of the ten best zones in each answer. It cannot be used with <c>-Unsorted</c>.
    /// </summary>
    [Parameter]
    public SwitchParameter IncludeScore { get; set; }

    /// <summary>
    /// Returns the offers of each region as soon as the region answers, the region's cheapest first, instead of one sorted list.
    /// </summary>
    [Parameter]
    public SwitchParameter Unsorted { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => types.AddRange(InstanceType);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (MyInvocation.ExpectingInput && types.Count == 0)
        {
            // The pipeline was empty. That does not mean any type.
            base.EndProcessing();
            return;
        }

        // All piped types are one search, so that the cheapest of all come first.
        var cloud = ResolveCloud();
        var (given, unsorted) = (Region, Unsorted);
        var criteria = new OfferCriteria
        {
            InstanceTypes = [.. types.Distinct(StringComparer.OrdinalIgnoreCase)],
            MinVCpu = MinVCpu,
            MinMemoryGiB = MinMemoryGiB,
            MinGpu = MinGpu,
            MinGpuMemoryGiB = MinGpuMemoryGiB,
            GpuModels = GpuModel,
            Architecture = Architecture,
            MaxPrice = MaxPrice,
            Days = Days,
            First = First,
            IncludeScore = IncludeScore,
        };
        Run(given.Length > 0 ? given : cloud.Region, async stopping =>
        {
            var regions = await RegionNames.ResolveAsync(cloud, given, stopping);
            if (unsorted)
            {
                await OfferFinder.StreamAsync(cloud, regions, criteria, Output.ObjectAsync, Context, stopping);
                return;
            }

            foreach (var offer in await OfferFinder.FindAsync(cloud, regions, criteria, Context, stopping))
            {
                await Output.ObjectAsync(offer);
            }
        });
        base.EndProcessing();
    }
}
