namespace SpotTrainer.Rehearsal.Machines;

/// <summary>What the machines of a <see cref="Vpc"/> can reach besides each other.</summary>
internal sealed class VpcOptions
{
    /// <summary>The loopback port of this computer that machines reach at <c>http://10.77.0.1:8080/</c>; see also
    /// <see cref="Vpc.ConnectEndpoint"/>.</summary>
    public int? EndpointPort { get; init; }

    /// <summary>Returns the content that <c>http://10.77.0.1/</c> serves for a path with its leading slash; null if there is none.</summary>
    public Func<string, byte[]?> Files { get; init; } = _ => null;
}
