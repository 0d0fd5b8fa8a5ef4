namespace SpotTrainer.Foundation;

/// <summary>The warnings that a session has had within the last minute.</summary>
internal sealed class RecentWarnings
{
    private static readonly TimeSpan Span = TimeSpan.FromMinutes(1);
    private readonly Dictionary<string, Func<TimeSpan>> ages = new(StringComparer.Ordinal);

    /// <summary>Whether a warning is new, and notes it.</summary>
    public bool IsNew(string text, TimeProvider time)
    {
        lock (ages)
        {
            if (ages.TryGetValue(text, out var age) && age() < Span)
            {
                return false;
            }

            ages[text] = time.StartClock();
            return true;
        }
    }
}
