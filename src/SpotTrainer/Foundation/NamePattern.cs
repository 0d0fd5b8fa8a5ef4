using System.Text.RegularExpressions;

namespace SpotTrainer.Foundation;

/// <summary>Names with wildcards, as users type them: <c>*</c> and <c>?</c>, without regard to case.</summary>
internal static class NamePattern
{
    /// <summary>Whether a text has a wildcard in it.</summary>
    public static bool IsPattern(string text) => text.IndexOfAny(['*', '?']) >= 0;

    /// <summary>The exact names among patterns that nothing has; a pattern that fits none is no slip.</summary>
    public static IEnumerable<string> Unmet(IEnumerable<string> patterns, IReadOnlyCollection<string> names) =>
        patterns.Where(pattern => !IsPattern(pattern) && !names.Any(name => Matches(pattern, name)));

    /// <summary>Whether a pattern means a name.</summary>
    public static bool Matches(string pattern, string name) => IsPattern(pattern)
        ? Regex.IsMatch(
            name, "^" + Regex.Escape(pattern).Replace("\\*", ".*").Replace("\\?", ".") + "$",
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline, TimeSpan.FromSeconds(1))
        : string.Equals(pattern, name, StringComparison.OrdinalIgnoreCase);
}
