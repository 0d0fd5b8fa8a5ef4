using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>Sends and receives trees, in the best way that a host can, and continues when the connection is lost.</summary>
internal static class Transfers
{
    /// <summary>How often a transfer is begun that gets nowhere.</summary>
    private const int MostTries = 3;

    /// <summary>How often it is begun at all. A host could pretend forever that it gets on.</summary>
    private const int MostTriesInAll = 100;

    /// <summary>Sends a tree.</summary>
    /// <exception cref="SpotTrainerException">Those of <see cref="TreeSender"/> and <see cref="SftpSender"/>, and of connecting.</exception>
    public static Task<TransferOutcome> SendAsync(
        TrainingHost host, SendOrder order, TransferProgress progress, StepContext context, CancellationToken cancellationToken) => DoAsync(
        host, connection => TreeSender.SendAsync(connection, order, progress, context, cancellationToken), progress,
        order.Checksum || order.IsExtra is not null
            ? null
            : (connection, hasShell) => SftpSender.SendAsync(connection, order, progress, context.Time, hasShell, cancellationToken),
        context, cancellationToken);

    /// <summary>Receives a tree.</summary>
    /// <exception cref="SpotTrainerException">Those of <see cref="TreeReceiver"/> and <see cref="SftpReceiver"/>, and of connecting.</exception>
    public static Task<TransferOutcome> ReceiveAsync(
        TrainingHost host, ReceiveOrder order, TransferProgress progress, StepContext context, CancellationToken cancellationToken) => DoAsync(
        host, connection => TreeReceiver.ReceiveAsync(connection, order, progress, context, cancellationToken), progress,
        order.Checksum ? null : (connection, hasShell) => SftpReceiver.ReceiveAsync(connection, order, progress, hasShell, context, cancellationToken),
        context, cancellationToken);

    private static async Task<TransferOutcome> DoAsync(
        TrainingHost host, Func<SshConnection, Task<TransferOutcome>> transfer, TransferProgress progress,
        Func<SshConnection, bool, Task<TransferOutcome>>? overSftp, StepContext context,
        CancellationToken cancellationToken)
    {
        var (attempt, tries) = (1, 1);
        while (true)
        {
            SshConnection? connection = null;
            progress.Begin(0);
            try
            {
                connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
                return await transfer(connection);
            }
            catch (SpotTrainerException exception) when (exception.Id == "ConnectionLost" && connection is not null
                && (tries < MostTries || progress.HasMoved) && attempt < MostTriesInAll)
            {
                (attempt, tries) = (attempt + 1, progress.HasMoved ? 1 : tries + 1);
                context.Log.Warning($"The connection to {host} was lost. The transfer continues where it stopped.");
                progress.Say("Connecting again.");
                SshConnectionPool.Drop(host, connection, context);
            }
            catch (SpotTrainerException exception) when (attempt > 1 && (connection is null || exception.Id == "ConnectionLost"))
            {
                throw new SpotTrainerException(
                    exception.Id, exception.Kind, exception.Message,
                    exception.NextStep + " Then run the same command again: what has arrived is kept.", exception.Concerns, exception);
            }
            catch (SpotTrainerException exception) when (exception.Id is "HostLacksPrograms" or "ShellRefused" && connection is not null
                && overSftp is not null)
            {
                context.Log.Verbose($"{exception.Message} So the files travel one by one, over SFTP.");
                return await overSftp(connection, exception.Id != "ShellRefused");
            }
        }
    }
}
