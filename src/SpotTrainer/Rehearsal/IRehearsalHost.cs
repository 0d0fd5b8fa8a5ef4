using SpotTrainer.Foundation;

namespace SpotTrainer.Rehearsal;

/// <summary>A running rehearsal, as SpotTrainer.Rehearsal.dll gives it.</summary>
internal interface IRehearsalHost
{
    /// <summary>The endpoint's address on loopback.</summary>
    Uri Endpoint { get; }

    /// <summary>The key id of the credentials made for this rehearsal.</summary>
    string AccessKeyId { get; }

    /// <summary>The secret of the credentials made for this rehearsal.</summary>
    string SecretAccessKey { get; }

    /// <summary>The account's number.</summary>
    string Account { get; }

    /// <summary>The folder of all its files, gone when it has ended.</summary>
    string Folder { get; }

    /// <summary>The folder of installers, as its machines see it.</summary>
    Uri CondaMirror { get; }

    /// <summary>What each instance was charged until now; until the end, once it has ended.</summary>
    Task<IReadOnlyList<RehearsalCharge>> GetChargesAsync();

    /// <summary>Changes what goes wrong.</summary>
    /// <exception cref="SpotTrainerException"><c>UnknownQuota</c>.</exception>
    Task ChangeAsync(RehearsalChange change);

    /// <summary>Interrupts a Spot instance after a notice; the rehearsal's own notice when none is given.</summary>
    /// <exception cref="SpotTrainerException"><c>NoSpotInstance</c>: none of this id runs.</exception>
    Task InterruptAsync(string region, string instanceId, TimeSpan? notice);

    /// <summary>Recommends a rebalance to a Spot instance.</summary>
    /// <exception cref="SpotTrainerException"><c>NoSpotInstance</c>: none of this id runs.</exception>
    Task RecommendRebalanceAsync(string region, string instanceId);

    /// <summary>Ends every machine, closes every port and removes every file.</summary>
    Task StopAsync();
}
