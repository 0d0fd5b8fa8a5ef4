using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>Finds hosts by name, and the current state of a host. The room that knows instances implements it.</summary>
internal interface IHostFinder
{
    /// <summary>Returns the hosts that a name, a pattern, an ID, or an object that crossed a process stands for: one, or several of a pattern.</summary>
    /// <exception cref="SpotTrainerException"><c>InstanceNotFound</c>, <c>InstanceAmbiguous</c>, <c>OtherCloud</c>.</exception>
    Task<IReadOnlyList<TrainingHost>> FindAsync(NamedHost named, StepContext context, CancellationToken cancellationToken);

    /// <summary>
    /// Returns a host as it is now if its address or its host keys have changed since the object was made. Returns null if nothing has
    /// changed, or if that is not known.
    /// </summary>
    Task<TrainingHost?> LookAgainAsync(TrainingHost host, CancellationToken cancellationToken);

    /// <summary>
    /// Returns why a host that does not respond is gone: AWS took it back, its deadline came, or it was removed. Returns null if it still
    /// runs, if it is no instance, or if that cannot be found out soon.
    /// </summary>
    Task<SpotTrainerException?> WhyGoneAsync(TrainingHost host, TimeProvider time, CancellationToken cancellationToken);

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

    /// <summary>Returns a host, or the hosts that it stands for.</summary>
    /// <exception cref="SpotTrainerException"><c>InstanceNotFound</c>, <c>InstanceAmbiguous</c>, <c>OtherCloud</c>.</exception>
    public static async Task<IReadOnlyList<TrainingHost>> ResolveAsync(
        TrainingHost host, StepContext context, CancellationToken cancellationToken) =>
        host is NamedHost named ? await Current.FindAsync(named, context, cancellationToken) : [host];

    /// <summary>Does work on a host. If the connection fails because the host is gone, the error says why.</summary>
    public static async Task<T> WorkAsync<T>(
        TrainingHost host, Func<Task<T>> work, StepContext context, CancellationToken cancellationToken)
    {
        try
        {
            return await work();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && SshErrors.IsLostConnection(exception))
        {
            throw await Current.WhyGoneAsync(host, context.Time, cancellationToken)
                ?? (exception is OperationCanceledException ? RemoteErrors.Unreachable(host, exception)
                    : ErrorTranslation.Translate(exception, host));
        }
    }

    /// <summary>Sets the host finder.</summary>
    public static void Use(IHostFinder finder) => current = finder;
}
