namespace SpotTrainer.Rehearsal;

/// <summary>The rehearsal that runs in this process, which takes the place of AWS.</summary>
internal static class ActiveRehearsal
{
    private static SpotRehearsal? current;

    /// <summary>The active rehearsal, or null.</summary>
    public static SpotRehearsal? Current => Volatile.Read(ref current);

    /// <summary>Makes a rehearsal the active one. Returns false if another one is active.</summary>
    public static bool TrySet(SpotRehearsal rehearsal) => Interlocked.CompareExchange(ref current, rehearsal, comparand: null) is null;

    /// <summary>Deactivates a rehearsal. Does nothing if it is not the active one.</summary>
    public static void Clear(SpotRehearsal rehearsal) => Interlocked.CompareExchange(ref current, value: null, rehearsal);
}
