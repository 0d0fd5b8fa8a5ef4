using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.InteropServices;
using Microsoft.PowerShell.Commands;

namespace SpotTrainer.Shell;

/// <summary>
/// Makes SIGTERM and SIGHUP close the session, so that what runs in it cleans up, as it does after Ctrl+C. PowerShell's own
/// host leaves them to the system, which ends the process at once: no finally block of a script would run.
/// </summary>
internal sealed class EndSignals : IDisposable
{
    private readonly List<PosixSignalRegistration> registrations = [];
    private int first;

    /// <summary>Listens from now on.</summary>
    /// <param name="atPrompt">Whether the session goes on after Ctrl+C: at a prompt it does, a script ends with it.</param>
    public EndSignals(bool atPrompt)
    {
        Register(PosixSignal.SIGTERM, 143, CloseSession);
        Register(PosixSignal.SIGHUP, 129, CloseSession);
        if (!atPrompt)
        {
            // PowerShell stops the script itself, but would say 0: that all went well.
            Register(PosixSignal.SIGINT, 130, _ => { });
        }
    }

    /// <summary>128 and the number of the signal that came first; null if none has come.</summary>
    public int? ExitCode => Volatile.Read(ref first) is var code and not 0 ? code : null;

    public void Dispose() => registrations.ForEach(registration => registration.Dispose());

    private static void CloseSession(int exitCode)
    {
        var state = InitialSessionState.Create();
        state.Commands.Add(new SessionStateCmdletEntry("Get-Runspace", typeof(GetRunspaceCommand), helpFileName: null));
        using var question = PowerShell.Create(state);
        foreach (var runspace in question.AddCommand("Get-Runspace").Invoke<Runspace>().Where(runspace => runspace != question.Runspace))
        {
            // Comes back when its pipelines have ended.
            runspace.Close();
        }

        // A prompt would go on waiting for its next line.
        Environment.Exit(exitCode);
    }

    private void Register(PosixSignal signal, int exitCode, Action<int> act)
    {
        registrations.Add(PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            if (Interlocked.CompareExchange(ref first, exitCode, 0) == 0)
            {
                act(exitCode);
            }
        }));
    }
}
