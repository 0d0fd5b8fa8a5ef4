using SpotTrainer.Foundation;

namespace SpotTrainer.Rehearsal;

/// <summary>A running rehearsal. SpotTrainer.Rehearsal.dll implements it.</summary>
internal interface IRehearsalHost
{
    /// <summary>The URL of the endpoint, on loopback.</summary>
    Uri Endpoint { get; }

    /// <summary>The access key ID that was created for this rehearsal.</summary>
    string AccessKeyId { get; }

    /// <summary>The secret access key that was created for this rehearsal.</summary>
    string SecretAccessKey { get; }

    /// <summary>The account ID.</summary>
    string Account { get; }

    /// <summary>The folder of all its files. It is deleted when the rehearsal ends.</summary>
    string Folder { get; }

    /// <summary>The URL of the installers of conda, as its instances see it.</summary>
    Uri CondaMirror { get; }

    /// <summary>Returns what each instance has been charged so far, or in total if the rehearsal has ended.</summary>
    Task<IReadOnlyList<RehearsalCharge>> GetChargesAsync();

    /// <summary>Changes the conditions: what goes wrong.</summary>
    /// <exception cref="SpotTrainerException"><c>UnknownQuota</c>.</exception>
    Task ChangeAsync(RehearsalChange change);

    /// <summary>
    /// Interrupts a Spot instance after a notice. If <paramref name="notice"/> is null, the rehearsal's notice time applies.
    /// </summary>
    /// <exception cref="SpotTrainerException"><c>NoSpotInstance</c>: no Spot instance with this ID is running.</exception>
    Task InterruptAsync(string region, string instanceId, TimeSpan? notice);

    /// <summary>Sends a rebalance recommendation to a Spot instance.</summary>
    /// <exception cref="SpotTrainerException"><c>NoSpotInstance</c>: no Spot instance with this ID is running.</exception>
    Task RecommendRebalanceAsync(string region, string instanceId);

    /// <summary>Ends all instances, closes all ports, and deletes all files.</summary>
    Task StopAsync();
}
