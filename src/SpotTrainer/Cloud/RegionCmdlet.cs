using System.Management.Automation;

namespace SpotTrainer.Cloud;

/// <summary>The base class of cmdlets that call EC2 in one region.</summary>
public abstract class RegionCmdlet : CloudCmdlet
{
    /// <summary>
    /// The region, such as us-east-1. The default is the rehearsal's region during a rehearsal, otherwise the profile's. Tab completes it.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string? Region { get; set; }

    private protected override string? GivenRegion => Region;
}
