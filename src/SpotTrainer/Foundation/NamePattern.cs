using System.Text.RegularExpressions;

namespace SpotTrainer.Foundation;

/// <summary>Matches names against the wildcards that users type, <c>*</c> and <c>?</c>, ignoring case.</summary>
internal static class NamePattern
{
    /// <summary>Whether a text contains a wildcard.</summary>
    public static bool IsPattern(string text) => text.IndexOfAny(['*', '?']) >= 0;

    /// <summary>Returns the exact names that match nothing. A wildcard pattern that matches nothing is not a mistake.</summary>
    public static IEnumerable<string> Unmet(IEnumerable<string> patterns, IReadOnlyCollection<string> names) =>
        patterns.Where(pattern => !IsPattern(pattern) && !names.Any(name => Matches(pattern, name)));

    /// <summary>Whether a pattern matches a name.</summary>
    public static bool Matches(string pattern, string name) => IsPattern(pattern)
        ? Regex.IsMatch(
            name, "^" + Regex.Escape(pattern).Replace("\\*", ".*").Replace("\\?", ".") + "$",
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline, TimeSpan.FromSeconds(1))
        : string.Equals(pattern, name, StringComparison.OrdinalIgnoreCase);
}
