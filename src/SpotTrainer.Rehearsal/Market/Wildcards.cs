using System.Text.RegularExpressions;

namespace SpotTrainer.Rehearsal.Market;

/// <summary>Name patterns with the wildcards <c>*</c> and <c>?</c>, not case-sensitive.</summary>
internal static class Wildcards
{
    /// <summary>The expression that a whole name must match.</summary>
    public static Regex ToRegex(string pattern) => new(
        "^" + Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal) + "\\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, TimeSpan.FromSeconds(1));

    /// <summary>Whether a name matches a pattern.</summary>
    public static bool Match(string pattern, string name) => ToRegex(pattern).IsMatch(name);
}
