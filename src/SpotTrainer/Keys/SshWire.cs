using System.Text;
using Org.BouncyCastle.Math;

namespace SpotTrainer.Keys;

/// <summary>Writes SSH's data types (RFC 4251, section 5).</summary>
internal sealed class SshWriter
{
    private readonly List<byte> bytes = [];

    public SshWriter UInt32(int value)
    {
        bytes.AddRange([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]);
        return this;
    }

    public SshWriter Raw(byte[] value)
    {
        bytes.AddRange(value);
        return this;
    }

    public SshWriter String(byte[] value) => UInt32(value.Length).Raw(value);

    public SshWriter String(string value) => String(Encoding.UTF8.GetBytes(value));

    public SshWriter MpInt(BigInteger value) => String(value.SignValue == 0 ? [] : value.ToByteArray());

    public byte[] ToArray() => bytes.ToArray();
}

/// <summary>Reads SSH's data types (RFC 4251, section 5). Lengths are checked against what is there before anything is allocated.</summary>
internal sealed class SshReader(byte[] data)
{
    private int position;

    public bool AtEnd => position == data.Length;

    public int UInt32()
    {
        if (data.Length - position < 4)
        {
            throw new FormatException("The data end within a number.");
        }

        var value = (data[position] << 24) | (data[position + 1] << 16) | (data[position + 2] << 8) | data[position + 3];
        position += 4;
        return value;
    }

    public byte[] Raw(int length)
    {
        if (length < 0 || length > data.Length - position)
        {
            throw new FormatException("A length goes beyond the data.");
        }

        var value = new byte[length];
        Array.Copy(data, position, value, 0, length);
        position += length;
        return value;
    }

    public byte[] String() => Raw(UInt32());

    public string Text() => Encoding.UTF8.GetString(String());

    public BigInteger MpInt() => new(1, String());
}
