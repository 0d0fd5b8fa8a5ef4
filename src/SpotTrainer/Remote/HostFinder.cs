using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>Finds hosts by name, and the current state of a host. The room that knows instances implements it.</summary>
internal interface IHostFinder
{
    /// <summary>Returns the hosts with the given names or IDs, in the same order.</summary>
    /// <exception cref="SpotTrainerException"><c>InstanceNotFound</c>, <c>InstanceAmbiguous</c>.</exception>
    Task<IReadOnlyList<TrainingHost>> FindAsync(IReadOnlyList<string> names, StepContext context, CancellationToken cancellationToken);

    /// <summary>
    /// Returns a host as it is now if its address or its host keys have changed since the object was made. Returns null if nothing has
    /// changed, or if that is not known.
    /// </summary>
    Task<TrainingHost?> LookAgainAsync(TrainingHost host, CancellationToken cancellationToken);

    /// <summary>Returns the known names, without calling EC2.</summary>
    IEnumerable<string> Names();
}

/// <summary>Holds the host finder that is in use.</summary>
internal static class HostFinder
{
    private static volatile IHostFinder? current;

    /// <summary>The host finder.</summary>
    /// <exception cref="InvalidOperationException">It has not been set.</exception>
    public static IHostFinder Current => current ?? throw new InvalidOperationException("The host finder is not set.");

    /// <summary>Returns a host; one that the user gave by its name or ID is looked up.</summary>
    /// <exception cref="SpotTrainerException"><c>InstanceNotFound</c>, <c>InstanceAmbiguous</c>.</exception>
    public static async Task<TrainingHost> ResolveAsync(TrainingHost host, StepContext context, CancellationToken cancellationToken) =>
        host is NamedHost named ? (await Current.FindAsync([named.Text], context, cancellationToken))[0] : host;

    /// <summary>Sets the host finder.</summary>
    public static void Use(IHostFinder finder) => current = finder;
}
