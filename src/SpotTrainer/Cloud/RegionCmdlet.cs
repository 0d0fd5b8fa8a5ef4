using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>The base of the cmdlets that ask EC2 in one region.</summary>
public abstract class RegionCmdlet : CloudCmdlet
{
    /// <summary>The region, such as us-east-1; the profile's, or the rehearsal's, when left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string? Region { get; set; }

    private protected override string? GivenRegion => Region;
}
