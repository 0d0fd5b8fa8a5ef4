namespace SpotTrainer.Files;

/// <summary>
/// Orders texts by their bytes in UTF-8, as sort(1) does in the C locale. In .NET's ordinal order, the letters beyond U+FFFF come too early.
/// </summary>
internal sealed class Utf8Order : IComparer<string>
{
    /// <summary>The order.</summary>
    public static readonly Utf8Order Instance = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        for (var at = 0; at < x?.Length && at < y?.Length; at++)
        {
            if (x[at] != y[at])
            {
                return char.IsSurrogate(x[at]) == char.IsSurrogate(y[at]) ? x[at] - y[at] : char.IsSurrogate(x[at]) ? 1 : -1;
            }
        }

        return (x?.Length ?? -1) - (y?.Length ?? -1);
    }
}
