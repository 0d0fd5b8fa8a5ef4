namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>What may be chosen about an <see cref="Ec2Endpoint"/>.</summary>
internal sealed record EndpointOptions
{
    /// <summary>The clock that signatures, prices and time stamps go by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
