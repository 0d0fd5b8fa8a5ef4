using System.Collections.Concurrent;

namespace SpotTrainer.Foundation;

/// <summary>
/// What a session (a runspace, or a program that calls the steps) keeps between steps, one object of each type. It is disposed with the
/// session.
/// </summary>
internal sealed class Session : IDisposable
{
    private static readonly ConcurrentDictionary<Session, bool> Living = new();

    private readonly ConcurrentDictionary<Type, object> kept = new();

    public Session() => Living[this] = true;

    /// <summary>Whether the session has ended.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Returns the session's object of a type, and creates it at the first call.</summary>
    public T Get<T>()
        where T : class, new() => (T)kept.GetOrAdd(typeof(T), _ => new T());

    /// <summary>Does something with the object of a type in every session of this process that has one.</summary>
    public static void ForEach<T>(Action<T> action)
        where T : class
    {
        foreach (var session in Living.Keys)
        {
            if (session.kept.TryGetValue(typeof(T), out var known))
            {
                action((T)known);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        IsOver = true;
        Living.TryRemove(this, out _);
        foreach (var one in kept.Values.OfType<IDisposable>())
        {
            one.Dispose();
        }

        kept.Clear();
    }
}
