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
    public static bool Matches(string pattern, string name) => Matches(pattern, name, ignoreCase: true);

    /// <summary>Whether a pattern matches a name, for names that differ in case only, such as those of key pairs in EC2.</summary>
    public static bool MatchesCase(string pattern, string name) => Matches(pattern, name, ignoreCase: false);

    // Not a regular expression: a pattern with many stars, from a file that anybody may have written, would take minutes.
    private static bool Matches(string pattern, string name, bool ignoreCase)
    {
        var (at, position, star, resume) = (0, 0, -1, 0);
        while (position < name.Length)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                (star, resume) = (at++, position);
            }
            else if (at < pattern.Length && (pattern[at] == '?' || Same(pattern[at], name[position], ignoreCase)))
            {
                (at, position) = (at + 1, position + 1);
            }
            else if (star >= 0)
            {
                // The last star takes one character more.
                (at, position) = (star + 1, ++resume);
            }
            else
            {
                return false;
            }
        }

        while (at < pattern.Length && pattern[at] == '*')
        {
            at++;
        }

        return at == pattern.Length;
    }

    private static bool Same(char one, char other, bool ignoreCase) =>
        one == other || (ignoreCase && char.ToUpperInvariant(one) == char.ToUpperInvariant(other));
}
