using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>Finds what can be bought on EC2's Spot market now, those offers first that cost least.</summary>
[Cmdlet(VerbsCommon.Find, "SpotOffer")]
[OutputType(typeof(SpotOffer))]
public sealed class FindSpotOfferCommand : RegionsCmdlet
{
    private readonly List<string> types = [];

    /// <summary>Instance types, with wildcards. Burstable, metal and previous types come only when they are named here.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    public string[] InstanceType { get; set; } = [];

    /// <summary>The least number of virtual processors.</summary>
    [Parameter]
    [ValidateRange(1, 1024)]
    public int MinVCpu { get; set; } = 1;

    /// <summary>The least memory, in GiB.</summary>
    [Parameter]
    [ValidateRange(0, 65536)]
    public double MinMemoryGiB { get; set; }

    /// <summary>The least number of GPUs.</summary>
    [Parameter]
    [ValidateRange(0, 64)]
    public int MinGpu { get; set; }

    /// <summary>The GPUs' model, such as T4 or A10G, with wildcards.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(GpuModelCompleter))]
    public string[] GpuModel { get; set; } = [];

    /// <summary>The least memory of one GPU, in GiB.</summary>
    [Parameter]
    [ValidateRange(0, 4096)]
    public double MinGpuMemoryGiB { get; set; }

    /// <summary>The processors' architecture; both when left out.</summary>
    [Parameter]
    [ValidateSet("x86_64", "arm64")]
    public string? Architecture { get; set; }

    /// <summary>The highest Spot price, in US dollars an hour.</summary>
    [Parameter]
    [ValidateRange(0.0001, 1000)]
    public decimal? MaxPrice { get; set; }

    /// <summary>Of how many days lowest, highest and mean price are told; 0 for none.</summary>
    [Parameter]
    [ValidateRange(0, 90)]
    public int Days { get; set; } = 7;

    /// <summary>How many offers to give.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int First { get; set; }

    /// <summary>Adds EC2's placement score of each zone.</summary>
    [Parameter]
    public SwitchParameter IncludeScore { get; set; }

    /// <summary>Gives the offers of each region as soon as it has answered.</summary>
    [Parameter]
    public SwitchParameter Unsorted { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => types.AddRange(InstanceType);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (MyInvocation.ExpectingInput && types.Count == 0)
        {
            // Nothing was piped: that is no wish for any type at all.
            base.EndProcessing();
            return;
        }

        // What is piped is one question: the cheapest of all come first.
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
