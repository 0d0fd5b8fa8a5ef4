using System.Management.Automation;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>The base class of cmdlets that call EC2 in several regions at the same time.</summary>
public abstract class RegionsCmdlet : CloudCmdlet
{
    /// <summary>
    /// The regions, with wildcards; * for all regions that are enabled for the account. The default is the rehearsal's region during a
    /// rehearsal, otherwise the profile's, or all regions, depending on the cmdlet. Tab completes them.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string[] Region { get; set; } = [];

    /// <summary>Whether the default is all regions.</summary>
    private protected virtual bool MeansAll => false;

    /// <summary>Any region can list the regions. If nothing names one, it is the default of AWS's own tools.</summary>
    private protected override string? LastRegion => MeantRegions.Any(NamePattern.IsPattern) ? "us-east-1" : null;

    /// <summary>The regions that the user named, or all regions.</summary>
    private protected string[] MeantRegions => Region.Length == 0 && MeansAll ? ["*"] : Region;

    private protected override string? GivenRegion => Region.FirstOrDefault(name => !NamePattern.IsPattern(name));
}
