using System.Collections.Concurrent;
using System.Text;

namespace SpotTrainer.Files;

/// <summary>
/// The hashes of pieces, which send.sh writes to standard error: the word "sum", and the hash, each with a null at its end. Among them are
/// messages of programs, which are lines of any length, and have no null.
/// </summary>
internal sealed class PieceSums
{
    /// <summary>How many pieces are asked for before the first of them has arrived.</summary>
    public const int Ahead = 2;

    private readonly BlockingCollection<string> sums = [];
    private readonly StringBuilder word = new();
    private bool isSum;

    /// <summary>Takes what has arrived on standard error. Nothing is its end.</summary>
    /// <exception cref="FormatException">There are more sums than pieces.</exception>
    public void Add(ArraySegment<byte> bytes)
    {
        if (bytes.Count == 0)
        {
            End();
        }

        foreach (var one in bytes)
        {
            if (one != 0)
            {
                word.Remove(0, word.Length == HostFolder.HashAndGap ? 1 : 0).Append((char)one);
                continue;
            }

            if (isSum)
            {
                Hear(sums.Count < Ahead ? word.ToString() : throw new FormatException("There are more sums than pieces."));
            }

            isSum = !isSum && word.ToString().EndsWith("sum", StringComparison.Ordinal);
            word.Clear();
        }
    }

    /// <summary>Waits for the hash of the next piece.</summary>
    /// <exception cref="EndOfStreamException">No more come.</exception>
    public string Take() => sums.TryTake(out var sum, Timeout.Infinite) ? sum : throw new EndOfStreamException();

    /// <summary>Tells that no more come.</summary>
    public void End() => sums.CompleteAdding();

    private void Hear(string sum)
    {
        try
        {
            sums.Add(sum);
        }
        catch (InvalidOperationException) when (sums.IsAddingCompleted)
        {
            // The conversation has just ended, so nobody waits for it.
        }
    }
}
