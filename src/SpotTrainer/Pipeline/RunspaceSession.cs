using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using SpotTrainer.Foundation;

namespace SpotTrainer.Pipeline;

/// <summary>Keeps one session for each runspace. It ends when the runspace is closed, even if the module is not removed.</summary>
internal static class RunspaceSession
{
    private static readonly ConditionalWeakTable<Runspace, Session> Sessions = new();

    /// <summary>The session of this thread's runspace.</summary>
    public static Session Current => Runspace.DefaultRunspace is { } runspace ? Of(runspace) : new Session();

    /// <summary>Ends the session of this thread's runspace. The next cmdlet starts a new one.</summary>
    public static void End()
    {
        if (Runspace.DefaultRunspace is { } runspace && Sessions.TryGetValue(runspace, out var session))
        {
            Sessions.Remove(runspace);
            session.Dispose();
        }
    }

    private static Session Of(Runspace runspace)
    {
        lock (Sessions)
        {
            if (Sessions.TryGetValue(runspace, out var known))
            {
                return known;
            }

            var session = new Session();
            Sessions.Add(runspace, session);
            runspace.StateChanged += (_, change) =>
            {
                if (change.RunspaceStateInfo.State is RunspaceState.Closed or RunspaceState.Broken)
                {
                    session.Dispose();
                }
            };
            return session;
        }
    }
}
