using SpotTrainer.Foundation;

namespace SpotTrainer.Rehearsal;

/// <summary>The rehearsal that runs in this process, which takes the place of AWS.</summary>
internal static class ActiveRehearsal
{
    private static SpotRehearsal? current;

    /// <summary>The active rehearsal, or null.</summary>
    public static SpotRehearsal? Current => Volatile.Read(ref current);

    /// <summary>Returns the rehearsal that the user means.</summary>
    /// <param name="meant">The rehearsal, or what stands for it; null for the active one.</param>
    /// <exception cref="SpotTrainerException"><c>NoRehearsal</c>, <c>OtherCloud</c>.</exception>
    public static SpotRehearsal Require(SpotRehearsal? meant) =>
        meant is { IsReference: false } ? meant
        : Current is not { } active ? throw new SpotTrainerException("NoRehearsal", ErrorKind.ObjectNotFound,
            meant is null ? "No rehearsal is running in this session." : $"The {meant} is not running in this session.",
            meant is null ? "There is nothing to stop." : "If it is running in another session, stop it there.", meant?.EndpointUrl)
        : meant is null || string.Equals(meant.EndpointUrl.TrimEnd('/'), active.EndpointUrl.TrimEnd('/'), StringComparison.OrdinalIgnoreCase)
            ? active
        : throw new SpotTrainerException("OtherCloud", ErrorKind.InvalidArgument,
            $"The {meant} is not the one of this session, which is the {active}.",
            "Stop the other one in the session that started it.", meant.EndpointUrl);

    /// <summary>Makes a rehearsal the active one. Returns false if another one is active.</summary>
    public static bool TrySet(SpotRehearsal rehearsal) => Interlocked.CompareExchange(ref current, rehearsal, comparand: null) is null;

    /// <summary>Deactivates a rehearsal. Does nothing if it is not the active one.</summary>
    public static void Clear(SpotRehearsal rehearsal) => Interlocked.CompareExchange(ref current, value: null, rehearsal);
}
