using System.Text;

namespace SpotTrainer.Keys;

/// <summary>Builds a file's text as bytes, with base64 broken into lines. No copy of a secret stays in a string.</summary>
internal sealed class KeyText : IDisposable
{
    private readonly SshWriter bytes = new();

    public KeyText Line(string text)
    {
        bytes.Raw(Encoding.UTF8.GetBytes(text)).Raw([(byte)'\n']);
        return this;
    }

    public KeyText Line(string name, byte[] value)
    {
        bytes.Raw(Encoding.ASCII.GetBytes(name)).Raw(value).Raw([(byte)'\n']);
        return this;
    }

    /// <summary>Appends data as lines of base64.</summary>
    public KeyText Base64(byte[] data, int lineLength)
    {
        var characters = new char[LineCount(data, lineLength: 1)];
        Convert.ToBase64CharArray(data, 0, data.Length, characters, 0);
        for (var start = 0; start < characters.Length; start += lineLength)
        {
            var line = Encoding.ASCII.GetBytes(characters, start, Math.Min(lineLength, characters.Length - start));
            bytes.Raw(line).Raw([(byte)'\n']);
            Array.Clear(line, 0, line.Length);
        }

        Array.Clear(characters, 0, characters.Length);
        return this;
    }

    /// <summary>How many lines of base64 the data takes.</summary>
    public static int LineCount(byte[] data, int lineLength) => (((data.Length + 2) / 3 * 4) + lineLength - 1) / lineLength;

    public byte[] ToArray() => bytes.ToArray();

    public void Dispose() => bytes.Dispose();
}
