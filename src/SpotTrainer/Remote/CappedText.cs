using System.Text;

namespace SpotTrainer.Remote;

/// <summary>Text in UTF-8 that a host sends, up to a limit. A character that the limit would split is left out.</summary>
/// <param name="most">The most bytes that are kept.</param>
internal sealed class CappedText(int most)
{
    private readonly List<byte> bytes = [];

    /// <summary>Whether there was more.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Adds bytes.</summary>
    public void Add(ArraySegment<byte> more)
    {
        var count = Math.Min(more.Count, most - bytes.Count);
        bytes.AddRange(new ArraySegment<byte>(more.Array!, more.Offset, count));
        IsTruncated |= count < more.Count;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var (all, length) = (bytes.ToArray(), bytes.Count);
        while (IsTruncated && length > 0 && all[length - 1] >= 0x80 && most - length < 4)
        {
            length--;
        }

        return Encoding.UTF8.GetString(all, 0, length);
    }
}
