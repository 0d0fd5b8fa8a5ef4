using System.Globalization;
using System.Text.RegularExpressions;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>The filters that a Describe action supports: the values that an item has, by filter name.</summary>
internal sealed class Filters<T>() : Dictionary<string, Func<T, IEnumerable<string>>>(StringComparer.Ordinal);

/// <summary>An EC2 call, with everything that it can use.</summary>
/// <param name="Region">The region in the signature.</param>
/// <param name="Parameters">The call's parameters.</param>
/// <param name="Market">The market.</param>
/// <param name="Account">The account number.</param>
/// <param name="Now">The time of the call.</param>
/// <param name="Machines">Starts and ends the machines of instances.</param>
/// <param name="Host">The endpoint's own host and port. A client that follows a response must not get to AWS.</param>
/// <param name="Set">Holds the conditions.</param>
internal sealed partial record Ec2Call(
    RegionState Region, QueryParameters Parameters, MarketTable Market, string Account, DateTimeOffset Now, InstanceMachines Machines,
    string Host,
    ConditionSet Set)
{
    /// <summary>The rehearsal's own tag of an instance, which does not count.</summary>
    public const string MachinePort = "spottrainer:sshport";

    private const int MostTags = 50;
    private const int MostFilterValues = 200;

    /// <summary>The smallest page that EC2 gives.</summary>
    private const int LeastResults = 5;

    /// <summary>The conditions of this call.</summary>
    public Conditions Conditions { get; } = Set.Current;

    /// <summary>Whether the region has a default VPC.</summary>
    public bool HasDefaultVpc => !Conditions.NoDefaultVpc.Contains(Region.Name);

    /// <summary>The instances that calls find: a new one only after a while, and a terminated one for an hour.</summary>
    public IEnumerable<Instance> Instances =>
        Region.Instances.Values.Where(
            instance => instance.VisibleFrom <= Now && !(instance.Ended && instance.ComputeEnd + TimeSpan.FromHours(1) < Now));

    /// <summary>The security groups that calls find: a new one only after a while.</summary>
    public IEnumerable<SecurityGroup> Groups => Region.Groups.Values.Where(group => group.VisibleFrom <= Now);

    /// <summary>The key pairs that calls find: a new one only after a while.</summary>
    public IEnumerable<KeyPair> KeyPairs => Region.KeyPairs.Values.Where(pair => pair.VisibleFrom <= Now);

    /// <summary>Ends a dry run. An action calls this after it has checked the whole call and before it changes anything.</summary>
    /// <exception cref="AwsException">DryRunOperation, or UnauthorizedOperation if the call also adds tags without permission.</exception>
    public void EndDryRun()
    {
        var specifications = Parameters.Groups("TagSpecification");
        if (specifications.Count > 0)
        {
            RequirePermission("ec2", "CreateTags");
        }

        foreach (var specification in specifications)
        {
            RequireRoom(Tags(specification.Groups("Tag")), before: []);
        }

        if (Parameters.Boolean("DryRun") is true)
        {
            throw new AwsException("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
        }
    }

    /// <summary>
    /// Returns the items that match every filter of the call. An item must match one of a filter's values, in which <c>*</c> and <c>?</c>
    /// are wildcards.
    /// </summary>
    /// <param name="items">All items.</param>
    /// <param name="known">The supported filters. Any other filter is an error, even if there are no items.</param>
    /// <param name="id">Returns the ID under which an item's tags are stored.</param>
    public IEnumerable<T> Filtered<T>(IEnumerable<T> items, Filters<T> known, Func<T, string>? id = null)
    {
        var given = Parameters.Groups("Filter");
        if (given.Sum(filter => filter.List("Value").Count) > MostFilterValues)
        {
            throw new AwsException(
                "FilterLimitExceeded", $"The maximum number of filter values specified on a single call is {MostFilterValues}");
        }

        var filters = given
            .Select(group => (Values: Values(group.Required("Name")), Patterns: group.List("Value").Select(Pattern).ToArray())).ToArray();
        return items.Where(
            item => filters.All(filter => filter.Values(item).Any(value => filter.Patterns.Any(pattern => pattern.IsMatch(value)))));

        Func<T, IEnumerable<string>> Values(string name)
        {
            if (id is not null && name == "tag-key")
            {
                return item => Region.TagsOf(id(item)).Keys;
            }

            if (id is not null && name.StartsWith("tag:", StringComparison.Ordinal))
            {
                return item => Region.TagsOf(id(item)).TryGetValue(name["tag:".Length..], out var tag) ? [tag] : [];
            }

            return known.GetValueOrDefault(name) ?? throw AwsException.InvalidParameterValue($"The filter '{name}' is invalid");
        }
    }

    /// <summary>Requires the permission for another action, which some calls also need.</summary>
    /// <exception cref="AwsException">UnauthorizedOperation.</exception>
    public void RequirePermission(string service, string action)
    {
        if (Conditions.Denies(service, action))
        {
            throw AwsException.Unauthorized(Account, $"{service}:{action}");
        }
    }

    /// <summary>The page size that MaxResults asks for.</summary>
    /// <param name="most">EC2's maximum, which is also the default.</param>
    public int PageSize(int most = 1000)
    {
        var size = Parameters.Integer("MaxResults") ?? most;
        return size >= LeastResults && size <= most ? size : throw AwsException.InvalidParameterValue($"Invalid value '{size}' for MaxResults.");
    }

    /// <summary>Returns the page that MaxResults and NextToken ask for.</summary>
    /// <param name="items">All items.</param>
    /// <param name="most">EC2's maximum, which is also the default.</param>
    /// <returns>The page, and the token of the next one or <see langword="null"/>.</returns>
    public (IReadOnlyList<T> Items, string? NextToken) Paged<T>(IEnumerable<T> items, int most = 1000)
    {
        var all = items.ToArray();
        var start = 0;
        if (Parameters["NextToken"] is { Length: > 0 } token
            && !int.TryParse(token.Split('-')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out start))
        {
            throw AwsException.InvalidParameterValue("The token is invalid");
        }

        var size = PageSize(most);
        var end = start + size;
        return (all.Skip(start).Take(size).ToArray(), end < all.Length ? $"rehearsal-{end.ToString(CultureInfo.InvariantCulture)}" : null);
    }

    /// <summary>Returns the items whose IDs the call names, or all items if it names none.</summary>
    /// <exception cref="AwsException">A named item does not exist.</exception>
    public IEnumerable<T> Named<T>(string parameter, IEnumerable<T> items, Func<T, string> id, string errorCode)
    {
        var names = Parameters.List(parameter);
        if (names.Count == 0)
        {
            return items;
        }

        var known = items.ToDictionary(id, StringComparer.Ordinal);
        return names.Distinct(StringComparer.Ordinal).Select(
            name => known.TryGetValue(name, out var item) ? item
                : throw new AwsException(errorCode, $"The ID '{name}' does not exist")).ToArray();
    }

    /// <summary>Throws if a resource would have more tags than EC2 allows.</summary>
    /// <param name="tags">The tags that it gets.</param>
    /// <param name="before">The keys that it has already.</param>
    public static void RequireRoom(IReadOnlyList<(string Key, string Value)> tags, IEnumerable<string> before)
    {
        if (tags.Select(tag => tag.Key).Union(before, StringComparer.Ordinal).Count(key => key != MachinePort) > MostTags)
        {
            throw new AwsException("TagLimitExceeded", "The maximum number of tags has been reached.");
        }
    }

    /// <summary>Reads tags that a call sets, and checks each.</summary>
    public static IReadOnlyList<(string Key, string Value)> Tags(IReadOnlyList<QueryParameters> given)
    {
        var tags = given.Select(tag => (Key: tag.Required("Key"), Value: tag["Value"] ?? string.Empty)).ToArray();
        foreach (var (key, value) in tags)
        {
            if (key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                throw AwsException.InvalidParameterValue($"Tag keys starting with 'aws:' are reserved for internal use: {key}");
            }

            if (key.Length > 128)
            {
                throw AwsException.InvalidParameterValue("Tag key exceeds the maximum length of 128 characters");
            }

            if (value.Length > 256)
            {
                throw AwsException.InvalidParameterValue("Tag value exceeds the maximum length of 256 characters");
            }
        }

        if (tags.DistinctBy(tag => tag.Key, StringComparer.Ordinal).Count() < tags.Length)
        {
            throw AwsException.InvalidParameterValue("Duplicate tag key specified.");
        }

        return tags;
    }

    /// <summary>Tags a resource that the call creates, as its TagSpecification says for that resource type.</summary>
    public void TagNew(string resourceType, string id)
    {
        foreach (var specification in Parameters.Groups("TagSpecification").Where(group => group["ResourceType"] == resourceType))
        {
            foreach (var (key, value) in Tags(specification.Groups("Tag")))
            {
                Region.TagsOf(id)[key] = value;
            }
        }
    }

    /// <summary>Converts a filter value to a regular expression. * and ? are wildcards unless a backslash precedes them.</summary>
    private static Regex Pattern(string value) => new(
        "^" + Wildcard().Replace(value, part => part.Value switch
        {
            "*" => ".*",
            "?" => ".",
            ['\\', var literal] => Regex.Escape(literal.ToString()),
            var literal => Regex.Escape(literal),
        }) + "\\z",
        RegexOptions.CultureInvariant | RegexOptions.Singleline, TimeSpan.FromSeconds(1));

    [GeneratedRegex(@"\\.|.", RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Wildcard();
}
