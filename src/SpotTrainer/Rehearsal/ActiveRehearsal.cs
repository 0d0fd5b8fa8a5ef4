namespace SpotTrainer.Rehearsal;

/// <summary>The rehearsal that is on in this process.</summary>
internal static class ActiveRehearsal
{
    private static SpotRehearsal? current;

    /// <summary>The one that is on, or null.</summary>
    public static SpotRehearsal? Current => Volatile.Read(ref current);

    /// <summary>Makes it the one that is on; false when another is.</summary>
    public static bool TrySet(SpotRehearsal rehearsal) => Interlocked.CompareExchange(ref current, rehearsal, comparand: null) is null;

    /// <summary>It is on no longer.</summary>
    public static void Clear(SpotRehearsal rehearsal) => Interlocked.CompareExchange(ref current, value: null, rehearsal);
}
