using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>The options of an <see cref="Ec2Endpoint"/>.</summary>
internal sealed record EndpointOptions
{
    /// <summary>The clock for prices, timestamps, charges and interruptions.</summary>
    public RehearsalClock Clock { get; init; } = new();

    /// <summary>The clock for checking signatures. Clients sign with their own system clock.</summary>
    public TimeProvider SignatureClock { get; init; } = TimeProvider.System;

    /// <summary>The instance types on offer and their prices.</summary>
    public MarketTable Market { get; init; } = new();

    /// <summary>The conditions at the start.</summary>
    public Conditions Conditions { get; init; } = Conditions.None;
}
