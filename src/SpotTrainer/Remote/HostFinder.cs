using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>Finds machines that a user names, and what has become of one. The room that knows instances implements it.</summary>
internal interface IHostFinder
{
    /// <summary>Returns the machines of names or ids, in their order.</summary>
    /// <exception cref="SpotTrainerException"><c>InstanceNotFound</c>, <c>InstanceAmbiguous</c>.</exception>
    Task<IReadOnlyList<TrainingHost>> FindAsync(IReadOnlyList<string> names, StepContext context, CancellationToken cancellationToken);

    /// <summary>
    /// Returns a machine as it is now, if its address or its host keys have changed since the object was made; null if nothing has changed, or
    /// nobody knows.
    /// </summary>
    Task<TrainingHost?> LookAgainAsync(TrainingHost host, CancellationToken cancellationToken);

    /// <summary>Returns the names that a user may mean, without asking EC2.</summary>
    IEnumerable<string> Names();
}

/// <summary>The finder of machines that is in use.</summary>
internal static class HostFinder
{
    private static volatile IHostFinder? current;

    /// <summary>The finder.</summary>
    /// <exception cref="InvalidOperationException">Nobody has set it.</exception>
    public static IHostFinder Current => current ?? throw new InvalidOperationException("The finder of machines is not set.");

    /// <summary>Sets the finder.</summary>
    public static void Use(IHostFinder finder) => current = finder;
}
