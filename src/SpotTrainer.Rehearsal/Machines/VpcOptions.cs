namespace SpotTrainer.Rehearsal.Machines;

/// <summary>What the machines of a <see cref="Vpc"/> can reach beyond one another.</summary>
internal sealed class VpcOptions
{
    /// <summary>The loopback port of this computer that machines reach at <c>http://10.77.0.1:8080/</c>; see also
    /// <see cref="Vpc.ConnectEndpoint"/>.</summary>
    public int? EndpointPort { get; init; }

    /// <summary>What <c>http://10.77.0.1/</c> serves: path (with its leading slash) to content.</summary>
    public IReadOnlyDictionary<string, Func<byte[]>> Files { get; init; } = new Dictionary<string, Func<byte[]>>(StringComparer.Ordinal);
}
