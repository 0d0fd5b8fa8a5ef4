using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>What may be chosen about an <see cref="Ec2Endpoint"/>.</summary>
internal sealed record EndpointOptions
{
    /// <summary>The clock that prices, time stamps, charges and interruptions go by.</summary>
    public RehearsalClock Clock { get; init; } = new();

    /// <summary>The clock by which signatures are checked: clients sign by theirs.</summary>
    public TimeProvider SignatureClock { get; init; } = TimeProvider.System;

    /// <summary>What there is to buy.</summary>
    public MarketTable Market { get; init; } = new();

    /// <summary>What goes wrong at first.</summary>
    public Conditions Conditions { get; init; } = Conditions.None;
}
