using System.Runtime.InteropServices;

namespace SpotTrainer.Shell;

/// <summary>
/// Turns Ctrl+C, SIGTERM and SIGHUP into one token, and into the exit code that says which it was. The process is never ended
/// by them: the pipeline is stopped and its clean-up runs. Later signals change nothing.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private int first;

    public StopSignals()
    {
        Register(PosixSignal.SIGINT, 130);
        Register(PosixSignal.SIGTERM, 143);
        Register(PosixSignal.SIGHUP, 129);
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>128 and the number of the first signal; null as long as there was none.</summary>
    public int? ExitCode => Volatile.Read(ref first) is var code and not 0 ? code : null;

    public void Dispose()
    {
        registrations.ForEach(registration => registration.Dispose());
        source.Dispose();
    }

    private void Register(PosixSignal signal, int exitCode) => registrations.Add(PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (Interlocked.CompareExchange(ref first, exitCode, 0) == 0)
        {
            source.Cancel();
        }
    }));
}
