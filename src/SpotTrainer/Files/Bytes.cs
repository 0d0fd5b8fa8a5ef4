using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Utilities.Encoders;

namespace SpotTrainer.Files;

/// <summary>What both directions of a transfer ask of bytes.</summary>
internal static class Bytes
{
    /// <summary>Returns the SHA-256 of bytes in hexadecimal digits.</summary>
    public static string Hash(byte[] bytes, int offset, int count)
    {
        using var hash = SHA256.Create();
        return Hex.ToHexString(hash.ComputeHash(bytes, offset, count));
    }

    /// <summary>Returns the SHA-256 of the rest of a stream in hexadecimal digits.</summary>
    public static string Hash(Stream stream)
    {
        using var hash = SHA256.Create();
        return Hex.ToHexString(hash.ComputeHash(stream));
    }

    /// <summary>Returns some of the hexadecimal digits of the SHA-256 of a text, as a name for it.</summary>
    public static string NameOf(string text, int digits)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Hash(bytes, 0, bytes.Length).Substring(0, digits);
    }

    /// <summary>Whether bytes, of which there is at least one, are all zero.</summary>
    public static bool AreZero(byte[] bytes, int offset, int count) =>
        bytes[offset] == 0 && bytes.AsSpan(offset, count - 1).SequenceEqual(bytes.AsSpan(offset + 1, count - 1));
}
