using System.Net.Sockets;
using Renci.SshNet;
using Renci.SshNet.Common;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>Reads the key that a host presents. The connection ends with the key: no login is tried, and nothing else is sent.</summary>
internal static class HostKeyReader
{
    /// <summary>Returns the key that a host presents.</summary>
    /// <exception cref="SpotTrainerException"><c>HostUnreachable</c>, <c>HostNameUnknown</c>, <c>AlgorithmsTooOld</c>.</exception>
    public static async Task<PresentedHostKey> ReadAsync(
        TrainingHost host, StepContext context, CancellationToken cancellationToken)
    {
        using var nothing = new NoneAuthenticationMethod(host.UserName);
        using var client = new SshClient(await SshLogin.PrepareAsync(host, nothing, types: null, context, cancellationToken));
        byte[]? blob = null;
        client.HostKeyReceived += (_, received) =>
        {
            blob = received.HostKey;
            received.CanTrust = false;
        };
        try
        {
            await Blocking.RunAsync(client.Connect).OrStopped(cancellationToken);
        }
        catch (Exception exception) when (exception is SshException or SocketException or OperationCanceledException or IOException
            or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (blob is null)
            {
                throw RemoteErrors.NotConnected(host, exception);
            }
        }

        return blob is not null ? new PresentedHostKey(blob) : throw RemoteErrors.Unreachable(host, inner: null);
    }
}
