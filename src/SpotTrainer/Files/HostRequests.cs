using System.Collections.Concurrent;
using System.Text;

namespace SpotTrainer.Files;

/// <summary>What is asked of send.sh: lines, some with lists after them.</summary>
internal sealed class HostRequests
{
    private readonly BlockingCollection<Stream> requests = [];

    /// <summary>The requests, as they come, until they end.</summary>
    public IEnumerable<Stream> All => requests.GetConsumingEnumerable();

    /// <summary>Asks for something.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="lists">What stands after it.</param>
    /// <exception cref="EndOfStreamException">The host has said its last word.</exception>
    public void Ask(string line, params byte[][] lists)
    {
        var request = new MemoryStream();
        foreach (var part in lists.Prepend(Encoding.UTF8.GetBytes(line + "\n")))
        {
            request.Write(part, 0, part.Length);
        }

        request.Position = 0;
        try
        {
            requests.Add(request);
        }
        catch (InvalidOperationException)
        {
            throw new EndOfStreamException();
        }
    }

    /// <summary>Ends the requests.</summary>
    public void End() => requests.CompleteAdding();
}
