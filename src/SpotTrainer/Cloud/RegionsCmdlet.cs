using System.Management.Automation;
using System.Text.RegularExpressions;
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

    /// <summary>The regions that the parameters mean.</summary>
    /// <exception cref="SpotTrainerException"><c>UnknownRegion</c>.</exception>
    private protected static async Task<IReadOnlyList<string>> RegionsAsync(CloudContext cloud, IReadOnlyList<string> given, CancellationToken cancellationToken)
    {
        if (given.Count == 0)
        {
            return [cloud.Region];
        }

        if (!given.Any(NamePattern.IsPattern))
        {
            if (given.FirstOrDefault(name => !Regex.IsMatch(name, "^[a-z]{2}(-[a-z]+)+-[0-9]+$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))) is { } odd)
            {
                throw new SpotTrainerException("UnknownRegion", ErrorKind.ObjectNotFound, $"'{odd}' is no region.", "Give such as us-east-1, or * for all.", odd);
            }

            return given.Distinct(StringComparer.OrdinalIgnoreCase).Select(name => name.ToLowerInvariant()).ToArray();
        }

        var enabled = await cloud.GetRegionsAsync(cancellationToken);
        var meant = enabled.Where(name => given.Any(pattern => NamePattern.Matches(pattern, name))).ToArray();
        return meant.Length > 0 ? meant : throw new SpotTrainerException("UnknownRegion", ErrorKind.ObjectNotFound,
            $"No region that is enabled for the account is called {string.Join(" or ", given)}.", $"The enabled ones are {string.Join(", ", enabled)}.", given);
    }
}
