using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>What the output of a command becomes.</summary>
internal enum WriteAs
{
    /// <summary>A string for each line. Lines of standard error go to the information stream.</summary>
    Strings,

    /// <summary>An object for each line.</summary>
    Objects,

    /// <summary>Arrays of bytes.</summary>
    Bytes,
}

/// <summary>Writes the output of a command to the pipeline, as it arrives and as fast as the pipeline takes it.</summary>
internal sealed class CommandWriter(TrainingHost host, HostCount hosts, TimeProvider time, PipelinePump output, WriteAs form)
{
    private const int LinesKept = 5;

    private readonly OutputLines[] lines = [new(), new()];
    private readonly Queue<string>[] last = [new(), new()];

    /// <summary>The last lines of standard error, or of standard output if it has none.</summary>
    public IReadOnlyCollection<string> LastLines => last[(int)TrainingCommandStream.Error] is { Count: > 0 } errors
        ? errors : last[(int)TrainingCommandStream.Output];

    /// <summary>Writes bytes. The task ends when the pipeline has taken what became of them.</summary>
    public Task AddAsync(TrainingCommandStream stream, ArraySegment<byte> bytes) => form == WriteAs.Bytes && stream == TrainingCommandStream.Output
        ? output.ObjectsAsync(Pieces(bytes))
        : WriteAsync(stream, lines[(int)stream].Add(bytes));

    /// <summary>Writes what is left.</summary>
    public async Task FinishAsync()
    {
        await WriteAsync(TrainingCommandStream.Output, lines[(int)TrainingCommandStream.Output].Finish());
        await WriteAsync(TrainingCommandStream.Error, lines[(int)TrainingCommandStream.Error].Finish());
    }

    /// <summary>Copies bytes to arrays that are small enough for the part of memory that is cleaned up often.</summary>
    private static List<byte[]> Pieces(ArraySegment<byte> bytes)
    {
        const int Size = 64 * 1024;
        var pieces = new List<byte[]>();
        for (var at = 0; at < bytes.Count; at += Size)
        {
            var piece = new byte[Math.Min(Size, bytes.Count - at)];
            Buffer.BlockCopy(bytes.Array!, bytes.Offset + at, piece, 0, piece.Length);
            pieces.Add(piece);
        }

        return pieces;
    }

    private async Task WriteAsync(TrainingCommandStream stream, List<string> texts)
    {
        if (texts.Count == 0)
        {
            return;
        }

        var keep = last[(int)stream];
        foreach (var text in texts.Skip(Math.Max(0, texts.Count - LinesKept)))
        {
            keep.Enqueue(text);
            if (keep.Count > LinesKept)
            {
                keep.Dequeue();
            }
        }

        if (form == WriteAs.Objects)
        {
            var now = time.GetLocalNow();
            await output.ObjectsAsync(texts.ConvertAll(text => new TrainingCommandLine(host, stream, now, text)));
            return;
        }

        // A name before each line, once there is more than one host. With one, the lines are those of the command.
        var name = await hosts.SeveralAsync() ? TerminalText.Clean(host.Label) + ": " : string.Empty;
        var isPlain = lines[(int)stream].IsPlain;
        if (!isPlain || name.Length > 0)
        {
            for (var i = 0; i < texts.Count; i++)
            {
                texts[i] = name + (isPlain ? texts[i] : TerminalText.Clean(texts[i]));
            }
        }

        await (stream == TrainingCommandStream.Output ? output.ObjectsAsync(texts) : output.InformationAsync(texts));
    }
}

/// <summary>Counts the hosts of a call. They arrive one after the other, while the first ones work already.</summary>
internal sealed class HostCount
{
    private readonly TaskCompletionSource<bool> known = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many there are so far.</summary>
    public int Count { get; private set; }

    /// <summary>Counts one.</summary>
    public void Add()
    {
        if (++Count > 1)
        {
            known.TrySetResult(true);
        }
    }

    /// <summary>No more will come.</summary>
    public void Close() => known.TrySetResult(Count > 1);

    /// <summary>Whether there are several. Waits until that is known.</summary>
    public Task<bool> SeveralAsync() => known.Task;
}
