using System.Text;
using Org.BouncyCastle.Math;

namespace SpotTrainer.Keys;

/// <summary>Writes SSH's data types (RFC 4251, section 5). Dispose wipes what was written.</summary>
internal sealed class SshWriter : IDisposable
{
    private byte[] buffer = new byte[512];
    private int length;

    public int Length => length;

    public SshWriter UInt32(int value) => Raw([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]);

    public SshWriter Raw(byte[] value)
    {
        if (length + value.Length > buffer.Length)
        {
            var larger = new byte[Math.Max(buffer.Length * 2, length + value.Length)];
            Array.Copy(buffer, larger, length);
            Array.Clear(buffer, 0, length);
            buffer = larger;
        }

        Array.Copy(value, 0, buffer, length, value.Length);
        length += value.Length;
        return this;
    }

    public SshWriter String(byte[] value) => UInt32(value.Length).Raw(value);

    public SshWriter String(string value) => String(Encoding.UTF8.GetBytes(value));

    public SshWriter MpInt(BigInteger value)
    {
        var bytes = value.SignValue == 0 ? [] : value.ToByteArray();
        String(bytes);
        Array.Clear(bytes, 0, bytes.Length);
        return this;
    }

    public byte[] ToArray()
    {
        var bytes = new byte[length];
        Array.Copy(buffer, bytes, length);
        return bytes;
    }

    public void Dispose() => Array.Clear(buffer, 0, length);
}

/// <summary>Reads SSH's data types (RFC 4251, section 5). Lengths are checked against the data before anything is allocated.</summary>
internal sealed class SshReader(byte[] data)
{
    private int position;

    public bool AtEnd => position == data.Length;

    public int Remaining => data.Length - position;

    public int UInt32()
    {
        if (Remaining < 4)
        {
            throw new FormatException("The data ends within a number.");
        }

        var value = (data[position] << 24) | (data[position + 1] << 16) | (data[position + 2] << 8) | data[position + 3];
        position += 4;
        return value;
    }

    public byte[] Raw(int length)
    {
        if (length < 0 || length > Remaining)
        {
            throw new FormatException("A length exceeds the remaining data.");
        }

        var value = new byte[length];
        Array.Copy(data, position, value, 0, length);
        position += length;
        return value;
    }

    public byte[] String() => Raw(UInt32());

    public string Text() => Encoding.UTF8.GetString(String());

    /// <summary>Reads a number that is not negative: keys have no negative numbers.</summary>
    public BigInteger MpInt()
    {
        var bytes = String();
        return bytes.Length > 0 && bytes[0] >= 0x80
            ? throw new FormatException("A number is negative.")
            : new BigInteger(1, bytes);
    }
}
