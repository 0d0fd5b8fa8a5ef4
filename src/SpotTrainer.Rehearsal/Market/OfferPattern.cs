using System.Text.RegularExpressions;
using SpotTrainer.Foundation;

namespace SpotTrainer.Rehearsal.Market;

/// <summary>
/// A pattern for types and zones, with the wildcards <c>*</c> and <c>?</c>: <c>m7i.large/us-east-1a</c>, <c>m7i.*</c> (in every zone),
/// <c>us-east-1a</c>, <c>us-east-1</c> (all of its zones), <c>*</c>.
/// </summary>
internal sealed partial class OfferPattern
{
    private readonly string text;
    private readonly string type;
    private readonly string zone;

    public OfferPattern(string text)
    {
        this.text = text;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var (types, zones) = slash >= 0 ? (text[..slash], text[(slash + 1)..])
            : RegionForm().IsMatch(text) ? ("*", text)
            : (text, "*");

        // A region matches all of its zones.
        type = types;
        zone = zones.Length > 0 && char.IsAsciiDigit(zones[^1]) ? zones + "?" : zones;
    }

    /// <summary>Whether the pattern matches a type in a zone.</summary>
    public bool Matches(string typeName, string zoneName) => NamePattern.Matches(type, typeName) && NamePattern.Matches(zone, zoneName);

    /// <inheritdoc/>
    public override string ToString() => text;

    [GeneratedRegex(
        @"^[a-z]{2}-[a-z*?]+(-[0-9*?]+[a-z*?]?)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex RegionForm();
}
