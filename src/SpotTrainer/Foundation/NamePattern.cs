using System.Text.RegularExpressions;

namespace SpotTrainer.Foundation;

/// <summary>Matches names against the wildcards that users type, <c>*</c> and <c>?</c>. Every other character means itself.</summary>
internal static class NamePattern
{
    /// <summary>Whether a text contains a wildcard.</summary>
    public static bool IsPattern(string text) => text.IndexOfAny(['*', '?']) >= 0;

    /// <summary>Returns the exact names that match nothing. A wildcard pattern that matches nothing is not a mistake.</summary>
    public static IEnumerable<string> Unmet(IEnumerable<string> patterns, IReadOnlyCollection<string> names) =>
        patterns.Where(pattern => !IsPattern(pattern) && !names.Any(name => Matches(pattern, name)));

    /// <summary>Whether a pattern matches a name, ignoring case.</summary>
    public static bool Matches(string pattern, string name) => Matches(pattern, name, RegexOptions.IgnoreCase);

    /// <summary>Whether a pattern matches a name, for names that differ in case only, such as those of key pairs in EC2.</summary>
    public static bool MatchesCase(string pattern, string name) => Matches(pattern, name, RegexOptions.None);

    private static bool Matches(string pattern, string name, RegexOptions options) => IsPattern(pattern)
        ? Regex.IsMatch(
            name, "^" + Regex.Escape(pattern).Replace("\\*", ".*").Replace("\\?", ".") + "\\z",
            options | RegexOptions.CultureInvariant | RegexOptions.Singleline, TimeSpan.FromSeconds(1))
        : string.Equals(pattern, name, options == RegexOptions.None ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase);
}
