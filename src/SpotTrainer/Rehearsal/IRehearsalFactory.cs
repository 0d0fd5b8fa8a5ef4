
using SpotTrainer.Foundation;

namespace SpotTrainer.Rehearsal;

/// <summary>What SpotTrainer.Rehearsal.dll is asked for.</summary>
internal interface IRehearsalFactory
{
    /// <summary>Starts a rehearsal.</summary>
    /// <param name="installMissing">Whether packages that it needs are installed with apt where they are missing.</param>
    /// <param name="log">Where it tells what it installs.</param>
    /// <param name="cancellationToken">Ends the start, and what it has begun.</param>
    Task<IRehearsalHost> StartAsync(bool installMissing, IStepLog log, CancellationToken cancellationToken);
}
