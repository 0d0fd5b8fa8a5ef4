using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>Decides which host keys to accept from a host that the module did not launch.</summary>
/// <param name="files">The known_hosts files. A new key is recorded in the first one.</param>
internal sealed class HostTrust(IReadOnlyList<string> files)
{
    private readonly IReadOnlyList<string> files = files;

    /// <summary>Decides by the files of this computer.</summary>
    public static HostTrust OfThisComputer => new(KnownHosts.Files);

    /// <summary>
    /// Returns the host with the keys to accept: those that the user gave, or those that known_hosts has, without those that it revokes. If
    /// there are none, the host is asked for its key, and the user whether to trust it.
    /// </summary>
    /// <param name="host">The host, with the keys that the user gave.</param>
    /// <param name="trust">Asks whether to trust a new key; null if new keys are not trusted.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="SpotTrainerException">
    /// <c>HostKeyUnknown</c>, <c>HostKeyRevoked</c>, <c>HostUnreachable</c>, <c>HostNameUnknown</c>.
    /// </exception>
    public async Task<TrainingHost> EnsureAsync(
        TrainingHost host, Func<PresentedHostKey, Task<bool>>? trust, StepContext context, CancellationToken cancellationToken)
    {
        var known = KnownHosts.Find(files, host.HostName, host.Port);
        var accepted = host.HostKeys.Count > 0 ? [.. host.HostKeys.Except(known.Revoked, StringComparer.Ordinal)] : known.Accepted;
        if (accepted.Count > 0)
        {
            return host.With(accepted);
        }

        if (host.HostKeys.Count > 0)
        {
            throw RemoteErrors.HostKeyRevoked(host, host.HostKeys);
        }

        var presented = await HostKeyReader.ReadAsync(host, context, cancellationToken);
        if (known.Revoked.Contains(presented.Fingerprint, StringComparer.Ordinal))
        {
            throw RemoteErrors.HostKeyRevoked(host, [presented.Fingerprint]);
        }

        // As in ssh, a key of the same name at port 22 may be that of another server there, but it is a known one.
        if (known.UnderName.Contains(presented.Fingerprint, StringComparer.Ordinal))
        {
            return host.With([presented.Fingerprint], presented.Type);
        }

        if (trust is null || !await trust(presented))
        {
            throw RemoteErrors.HostKeyUnknown(host, presented, known.HasAuthority, wasAsked: trust is not null);
        }

        var recorded = KnownHosts.Record(files[0], host.HostName, host.Port, presented);
        context.Log.Information(
            $"The host key of {KnownHosts.NameOf(host.HostName, host.Port)} ({presented}) is now in {files[0]}. To remove it: "
            + $"ssh-keygen -f {PowerShellText.Quote(files[0])} -R {PowerShellText.Quote(KnownHosts.NameOf(host.HostName, host.Port))}");
        return host.With(recorded);
    }
}
