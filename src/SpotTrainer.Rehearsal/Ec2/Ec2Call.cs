using System.Globalization;
using System.Text.RegularExpressions;
using SpotTrainer.Rehearsal.Endpoint;
using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>One call of EC2's, with what it may touch.</summary>
/// <param name="Region">The region that the signature names.</param>
/// <param name="Parameters">The call's parameters.</param>
/// <param name="Market">The market.</param>
/// <param name="Account">The account's number.</param>
/// <param name="Now">The moment of the call.</param>
/// <param name="Machines">Starts and ends the machines of instances.</param>
internal sealed record Ec2Call(
    RegionState Region, QueryParameters Parameters, MarketTable Market, string Account, DateTimeOffset Now, InstanceMachines Machines)
{
    /// <summary>
    /// Leaves what the call's filters let through: every filter must be met by one of its values, in which <c>*</c> and <c>?</c> are wildcards.
    /// </summary>
    /// <param name="items">What there is.</param>
    /// <param name="values">The values that an item has under a filter's name; <see langword="null"/> where there is no such filter.</param>
    /// <param name="id">The id under which an item's tags are kept.</param>
    public IEnumerable<T> Filtered<T>(IEnumerable<T> items, Func<T, string, IEnumerable<string>?> values, Func<T, string>? id = null)
    {
        var filters = Parameters.Groups("Filter").Select(group => (Name: group.Required("Name"), Patterns: group.List("Value").Select(Pattern).ToArray())).ToArray();
        return items.Where(item => filters.All(filter => Values(item, filter.Name).Any(value => filter.Patterns.Any(pattern => pattern.IsMatch(value)))));

        IEnumerable<string> Values(T item, string name)
        {
            if (id is not null && name == "tag-key")
            {
                return Region.TagsOf(id(item)).Keys;
            }

            if (id is not null && name.StartsWith("tag:", StringComparison.Ordinal))
            {
                return Region.TagsOf(id(item)).TryGetValue(name["tag:".Length..], out var tag) ? [tag] : [];
            }

            return values(item, name) ?? throw AwsException.InvalidParameterValue($"The filter '{name}' is invalid");
        }
    }

    /// <summary>Leaves one page, by MaxResults and NextToken.</summary>
    /// <returns>The page, and the token of the next one or <see langword="null"/>.</returns>
    public (IReadOnlyList<T> Items, string? NextToken) Paged<T>(IEnumerable<T> items)
    {
        var all = items.ToArray();
        var start = 0;
        if (Parameters["NextToken"] is { Length: > 0 } token
            && !int.TryParse(token.Split('-')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out start))
        {
            throw AwsException.InvalidParameterValue("The token is invalid");
        }

        var size = Parameters.Integer("MaxResults") ?? 1000;
        var end = start + size;
        return (all.Skip(start).Take(size).ToArray(), end < all.Length ? $"rehearsal-{end.ToString(CultureInfo.InvariantCulture)}" : null);
    }

    /// <summary>Leaves those whose ids the call names; all when it names none.</summary>
    /// <exception cref="AwsException">One that it names is not there.</exception>
    public IEnumerable<T> Named<T>(string parameter, IEnumerable<T> items, Func<T, string> id, string errorCode)
    {
        var names = Parameters.List(parameter);
        if (names.Count == 0)
        {
            return items;
        }

        var known = items.ToDictionary(id, StringComparer.Ordinal);
        return names.Select(name => known.TryGetValue(name, out var item) ? item : throw new AwsException(errorCode, $"The ID '{name}' does not exist")).ToArray();
    }

    /// <summary>Tags what the call makes, as its TagSpecification says for that kind of resource.</summary>
    public void TagNew(string resourceType, string id)
    {
        foreach (var specification in Parameters.Groups("TagSpecification").Where(group => group["ResourceType"] == resourceType))
        {
            foreach (var tag in specification.Groups("Tag"))
            {
                Region.TagsOf(id)[tag.Required("Key")] = tag["Value"] ?? string.Empty;
            }
        }
    }

    private static Regex Pattern(string value) => new(
        "^" + Regex.Escape(value).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal) + "$",
        RegexOptions.CultureInvariant | RegexOptions.Singleline, TimeSpan.FromSeconds(1));
}
