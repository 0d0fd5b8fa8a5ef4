namespace SpotTrainer.Rehearsal.Faults;

/// <summary>Holds the current conditions.</summary>
internal sealed class ConditionSet(Conditions first)
{
    private readonly object gate = new();
    private readonly Dictionary<Throttle, int> throttled = new(ReferenceEqualityComparer.Instance);
    private Conditions current = first;

    /// <summary>The current conditions.</summary>
    public Conditions Current => Volatile.Read(ref current);

    /// <summary>Replaces the conditions.</summary>
    public void Change(Func<Conditions, Conditions> change)
    {
        lock (gate)
        {
            Volatile.Write(ref current, change(current));
        }
    }

    /// <summary>Whether this call is throttled. The same calls in the same order always get the same result.</summary>
    public bool IsThrottled(string service, string action)
    {
        lock (gate)
        {
            foreach (var throttle in current.Throttles)
            {
                if (!Conditions.IsMeant(throttle.Action, service, action))
                {
                    continue;
                }

                var count = throttled[throttle] = throttled.GetValueOrDefault(throttle) + 1;
                if (count <= throttle.First
                    || Market.MarketTable.Fraction($"throttle/{current.Seed}/{throttle.Action}/{count}") < (decimal)throttle.Share)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
