using System.Text.RegularExpressions;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Finds the regions that a user means.</summary>
internal static class RegionNames
{
    /// <summary>Returns the regions that names and wildcard patterns match.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="given">Names, with wildcards; empty for the cloud's own region.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SpotTrainerException"><c>UnknownRegion</c>.</exception>
    public static async Task<IReadOnlyList<string>> ResolveAsync(
        CloudContext cloud, IReadOnlyList<string> given, CancellationToken cancellationToken)
    {
        if (given.Count == 0)
        {
            return [cloud.Region];
        }

        if (!given.Any(NamePattern.IsPattern))
        {
            foreach (var name in given)
            {
                Require(name);
            }

            var names = given.Distinct(StringComparer.OrdinalIgnoreCase).Select(name => name.ToLowerInvariant()).ToArray();
            if (cloud.IsRehearsal || names.Any(name => !IsKnown(name)))
            {
                var known = await cloud.GetRegionsAsync(cancellationToken);
                if (Array.Find(names, name => !known.Contains(name, StringComparer.Ordinal)) is { } wrong)
                {
                    var near = NearMiss.Of(wrong, known);
                    throw new SpotTrainerException("UnknownRegion", ErrorKind.ObjectNotFound,
                        cloud.IsRehearsal ? $"The rehearsal has no region '{wrong}'." : $"No region that is enabled for the account is named '{wrong}'.",
                        $"Use {(near.Count > 0 ? string.Join(" or ", near) : $"one of these: {string.Join(", ", known)}")}.", wrong);
                }
            }

            return names;
        }

        var enabled = await cloud.GetRegionsAsync(cancellationToken);
        var meant = enabled.Where(name => given.Any(pattern => NamePattern.Matches(pattern, name))).ToArray();
        return meant.Length > 0 ? meant : throw new SpotTrainerException("UnknownRegion", ErrorKind.ObjectNotFound,
            $"No region that is enabled for the account is named {string.Join(" or ", given)}.",
            $"Use one of these: {string.Join(", ", enabled)}.", given);
    }

    /// <summary>Whether AWS's SDK knows a region. Others are looked up first: a new region, or a typo.</summary>
    private static bool IsKnown(string name) =>
        Amazon.RegionEndpoint.EnumerableAllRegions.Any(region => region.SystemName == name);

    /// <summary>Checks that a text has the form of a region's name. It becomes part of an address.</summary>
    /// <exception cref="SpotTrainerException"><c>UnknownRegion</c>.</exception>
    public static void Require(string name)
    {
        if (!IsName(name))
        {
            throw new SpotTrainerException("UnknownRegion", ErrorKind.ObjectNotFound, $"'{name}' is not a region.",
                "Use a name such as us-east-1, or * for all regions.", name);
        }
    }

    private static bool IsName(string text) => Regex.IsMatch(
        text, "^[a-z]{2}(-[a-z]+)+-[0-9]+$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        TimeSpan.FromSeconds(1));
}
