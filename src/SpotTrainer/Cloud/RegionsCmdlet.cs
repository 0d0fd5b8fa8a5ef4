using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>The base of the cmdlets that ask EC2 in several regions at once.</summary>
public abstract class RegionsCmdlet : CloudCmdlet
{
    /// <summary>The regions, with wildcards: * for all that are enabled for the account. The profile's, or the rehearsal's, when left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string[] Region { get; set; } = [];

    /// <summary>Whether all regions are meant where the user named none.</summary>
    private protected virtual bool MeansAll => false;

    /// <summary>Which regions there are can be asked in any of them: in the one that AWS's own tools have when nothing names another.</summary>
    private protected override string? LastRegion => MeantRegions.Any(NamePattern.IsPattern) ? "us-east-1" : null;

    /// <summary>The regions as the user named them, or all of them.</summary>
    private protected string[] MeantRegions => Region.Length == 0 && MeansAll ? ["*"] : Region;

    private protected override string? GivenRegion => Region.FirstOrDefault(name => !NamePattern.IsPattern(name));
}
