using System.Text;

namespace SpotTrainer.Files;

/// <summary>Reads words that each end with a null, and bytes between them.</summary>
/// <param name="source">Where they come from.</param>
internal sealed class WordStream(Stream source) : PullStream
{
    private const int LongestWord = 64 * 1024;

    private readonly byte[] buffer = new byte[128 * 1024];
    private int start;
    private int end;
    private long count;

    /// <summary>How often words came. Another thread may ask.</summary>
    public long Count => Interlocked.Read(ref count);

    /// <summary>Reads a word, or null at the end.</summary>
    /// <exception cref="FormatException">The word is too long.</exception>
    /// <exception cref="EndOfStreamException">The word is not ended.</exception>
    public Word? ReadWord()
    {
        for (var looked = 0; ;)
        {
            var zero = Array.IndexOf(buffer, (byte)0, start + looked, end - start - looked);
            if (zero >= 0)
            {
                var word = Word.Decode(buffer, start, zero - start);
                start = zero + 1;
                return word;
            }

            looked = end - start;
            if (looked > LongestWord)
            {
                throw new FormatException("A word is too long.");
            }

            Buffer.BlockCopy(buffer, start, buffer, 0, looked);
            (start, end) = (0, looked);
            if (source.Read(buffer, end, buffer.Length - end) is not (> 0 and var some))
            {
                return looked == 0 ? null : throw new EndOfStreamException();
            }

            end += some;
            Interlocked.Increment(ref count);
        }
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        if (start == end)
        {
            return source.Read(buffer, offset, count);
        }

        var some = Math.Min(count, end - start);
        Buffer.BlockCopy(this.buffer, start, buffer, offset, some);
        start += some;
        return some;
    }
}

/// <summary>A word.</summary>
/// <param name="Text">The text, with U+FFFD for what is not UTF-8.</param>
/// <param name="IsUnicode">Whether all of it is UTF-8.</param>
internal readonly record struct Word(string Text, bool IsUnicode)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a word.</summary>
    public static Word Decode(byte[] bytes, int at, int length)
    {
        try
        {
            return new Word(Strict.GetString(bytes, at, length), IsUnicode: true);
        }
        catch (DecoderFallbackException)
        {
            return new Word(Encoding.UTF8.GetString(bytes, at, length), IsUnicode: false);
        }
    }
}
