using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>Finds what can be bought on EC2's Spot market now, cheapest first.</summary>
[Cmdlet(VerbsCommon.Find, "SpotOffer")]
[OutputType(typeof(SpotOffer))]
public sealed class FindSpotOfferCommand : CloudCmdlet
{
    /// <summary>Instance types, with wildcards. Burstable, metal and previous types come only when they are named here.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
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

    /// <summary>The processors' architecture; both when left out.</summary>
    [Parameter]
    [ValidateSet("x86_64", "arm64")]
    public string? Architecture { get; set; }

    /// <summary>The highest Spot price, in US dollars an hour.</summary>
    [Parameter]
    [ValidateRange(0.0001, 1000)]
    public decimal? MaxPrice { get; set; }

    /// <summary>How many offers to give.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int First { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var cloud = ResolveCloud();
        var region = Region ?? cloud.Region;
        var criteria = new OfferCriteria
        {
            InstanceTypes = InstanceType,
            MinVCpu = MinVCpu,
            MinMemoryGiB = MinMemoryGiB,
            MinGpu = MinGpu,
            Architecture = Architecture,
            MaxPrice = MaxPrice,
            First = First,
        };
        Run(region, async stopping =>
        {
            foreach (var offer in await OfferFinder.FindAsync(cloud, region, criteria, Output, stopping))
            {
                Output.Object(offer);
            }
        });
    }
}
