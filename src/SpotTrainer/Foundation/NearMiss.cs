namespace SpotTrainer.Foundation;

/// <summary>Finds what a user may have meant by a name that nothing has.</summary>
internal static class NearMiss
{
    /// <summary>More differences make another name.</summary>
    private const int MostDifferences = 3;

    /// <summary>Returns the names that are most like a text, nearest first; empty if none is like it.</summary>
    public static IReadOnlyList<string> Of(string text, IEnumerable<string> names) => names
        .Select(name => (Name: name, Distance: Distance(text.ToLowerInvariant(), name.ToLowerInvariant())))
        .Where(one => one.Distance <= MostDifferences).OrderBy(one => one.Distance).ThenBy(one => one.Name, StringComparer.Ordinal)
        .Take(3).Select(one => one.Name).ToArray();

    /// <summary>Levenshtein's distance: the fewest letters to insert, delete, or replace.</summary>
    private static int Distance(string one, string other)
    {
        var last = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 0; i < one.Length; i++)
        {
            var next = new int[other.Length + 1];
            next[0] = i + 1;
            for (var j = 0; j < other.Length; j++)
            {
                next[j + 1] = Math.Min(Math.Min(next[j], last[j + 1]) + 1, last[j] + (one[i] == other[j] ? 0 : 1));
            }

            last = next;
        }

        return last[other.Length];
    }
}
