using System.Globalization;

namespace SpotTrainer.Rehearsal.Protocol;

/// <summary>The parameters of a query-protocol call, or those under a prefix (<c>Placement.</c>, <c>Filter.2.</c>).</summary>
internal sealed class QueryParameters
{
    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    private readonly string _prefix;

    public QueryParameters(IEnumerable<KeyValuePair<string, string>> pairs, string prefix = "")
    {
        _prefix = prefix;
        foreach (var (name, value) in pairs)
        {
            _values[name] = value;
        }
    }

    /// <summary>Whether there are no parameters.</summary>
    public bool IsEmpty => _values.Count == 0;

    /// <summary>The value of a parameter, or <see langword="null"/>.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name);

    /// <summary>The value of a required parameter.</summary>
    public string Required(string name) =>
        this[name] is { Length: > 0 } value ? value : throw AwsException.MissingParameter(_prefix + name);

    /// <summary>A value that is <c>true</c> or <c>false</c>.</summary>
    public bool? Boolean(string name) => this[name] switch
    {
        null => null,
        var value when bool.TryParse(value, out var flag) => flag,
        var value => throw AwsException.InvalidParameterValue($"Invalid value '{value}' for {_prefix}{name}. Expected 'true' or 'false'."),
    };

    /// <summary>A whole number.</summary>
    public int? Integer(string name) => this[name] switch
    {
        null => null,
        var value when int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        var value => throw AwsException.InvalidParameterValue($"Invalid value '{value}' for {_prefix}{name}. Expected a whole number."),
    };

    /// <summary>A time.</summary>
    public DateTimeOffset? Time(string name) => this[name] switch
    {
        null => null,
        var value when DateTimeOffset.TryParse(
            value,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time) => time,
        var value => throw AwsException.InvalidParameterValue($"Invalid value '{value}' for {_prefix}{name}. Expected an ISO 8601 time."),
    };

    /// <summary>The values of <c>name.1</c>, <c>name.2</c> and so on, in order.</summary>
    public IReadOnlyList<string> List(string name) =>
        Below(name + ".")
            .Where(pair => Index(pair.Key) is not null && !pair.Key.Contains('.', StringComparison.Ordinal))
            .OrderBy(pair => Index(pair.Key))
            .Select(pair => pair.Value)
            .ToList();

    /// <summary>The parameters under <c>name.1.</c>, <c>name.2.</c> and so on, in order.</summary>
    public IReadOnlyList<QueryParameters> Groups(string name) =>
        Below(name + ".")
            .Where(pair => Index(pair.Key) is not null && pair.Key.Contains('.', StringComparison.Ordinal))
            .GroupBy(pair => Index(pair.Key)!.Value)
            .OrderBy(group => group.Key)
            .Select(group => new QueryParameters(
                group.Select(pair => KeyValuePair.Create(pair.Key[(pair.Key.IndexOf('.', StringComparison.Ordinal) + 1)..], pair.Value)),
                $"{_prefix}{name}.{group.Key}."))
            .ToList();

    /// <summary>The parameters under <c>name.</c>.</summary>
    public QueryParameters Child(string name) => new(Below(name + "."), $"{_prefix}{name}.");

    /// <summary>All parameters as one string. Equal calls give equal strings.</summary>
    public override string ToString() =>
        string.Join('&', _values.Select(pair => $"{UriText.Encode(pair.Key)}={UriText.Encode(pair.Value)}"));

    private static int? Index(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return int.TryParse(dot < 0 ? name : name[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
    }

    private IEnumerable<KeyValuePair<string, string>> Below(string prefix) =>
        _values.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(pair => KeyValuePair.Create(pair.Key[prefix.Length..], pair.Value));
}
