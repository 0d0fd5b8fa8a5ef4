using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>
/// Opens further connections for pieces, while one alone cannot fill the line: the distance lets only so many bytes be under way on each.
/// </summary>
/// <param name="connection">The first connection.</param>
/// <param name="queue">The pieces.</param>
/// <param name="speed">How quickly they travel.</param>
/// <param name="context">Log, clock, and session.</param>
internal sealed class FurtherConnections(SshConnection connection, PieceQueue queue, LineSpeed speed, StepContext context)
{
    private const int Most = 3;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Watches a transfer, and helps it as long as that pays.</summary>
    /// <param name="window">How many bytes can be under way on a connection.</param>
    /// <param name="transfer">Transfers pieces over a further connection. It takes them in the name of the object.</param>
    /// <param name="cancellationToken">Ends the help: the transfer is over.</param>
    public async Task HelpAsync(
        int window, Func<SshConnection, object, CancellationToken, Task> transfer, CancellationToken cancellationToken)
    {
        var helpers = new List<Task>();
        try
        {
            while (helpers.Count < Most)
            {
                await context.Time.DelayAsync(Look, cancellationToken);
                if (queue.Waiting > helpers.Count + 1 && !speed.IsNear && speed.Rate * speed.RoundTrip.TotalSeconds > window / 2)
                {
                    helpers.Add(TransferAsync(transfer, cancellationToken));
                    context.Log.Verbose($"{connection.Host}: The line takes more than one connection. Pieces travel over {helpers.Count + 1}.");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The transfer is over.
        }

        await Task.WhenAll(helpers);
    }

    private async Task TransferAsync(Func<SshConnection, object, CancellationToken, Task> transfer, CancellationToken cancellationToken)
    {
        var taker = new object();
        try
        {
            using var more = await SshConnection.ConnectAsync(connection.Host, isBooting: false, context, cancellationToken);
            await transfer(more, taker, cancellationToken);
        }
        catch (Exception exception) when (exception is SpotTrainerException or OperationCanceledException or FormatException
            or IOException or UnauthorizedAccessException)
        {
            // The others transfer what this one has not.
            context.Log.Verbose($"{connection.Host}: A further connection failed: {ErrorTranslation.FirstSentence(exception.Message)}");
        }
        finally
        {
            queue.Return(taker);
        }
    }
}
