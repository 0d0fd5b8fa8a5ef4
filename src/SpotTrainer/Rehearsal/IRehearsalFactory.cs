using SpotTrainer.Foundation;

namespace SpotTrainer.Rehearsal;

/// <summary>Starts rehearsals. SpotTrainer.Rehearsal.dll implements it.</summary>
internal interface IRehearsalFactory
{
    /// <summary>Starts a rehearsal.</summary>
    /// <param name="installMissing">Whether to install missing packages with apt.</param>
    /// <param name="log">Receives what is installed.</param>
    /// <param name="cancellationToken">Cancels the start, and ends what was started.</param>
    Task<IRehearsalHost> StartAsync(bool installMissing, IStepLog log, CancellationToken cancellationToken);
}
