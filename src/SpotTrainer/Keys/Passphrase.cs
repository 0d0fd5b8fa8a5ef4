using System.Runtime.InteropServices;
using System.Security;
using System.Text;

namespace SpotTrainer.Keys;

/// <summary>A passphrase as the bytes (UTF-8) that key formats hash, wiped when it is disposed of. It is never a string.</summary>
internal sealed class Passphrase : IDisposable
{
    private Passphrase(byte[] bytes) => Bytes = bytes;

    /// <summary>Its bytes; empty where there is none.</summary>
    public byte[] Bytes { get; }

    /// <summary>Whether it is the empty one, which means that nothing is to be encrypted.</summary>
    public bool IsEmpty => Bytes.Length == 0;

    /// <summary>Copies one that a user typed.</summary>
    public static Passphrase? From(SecureString? secret)
    {
        if (secret is null)
        {
            return null;
        }

        var characters = new char[secret.Length];
        var memory = Marshal.SecureStringToGlobalAllocUnicode(secret);
        try
        {
            Marshal.Copy(memory, characters, 0, characters.Length);
            return new Passphrase(Encoding.UTF8.GetBytes(characters));
        }
        finally
        {
            Marshal.ZeroFreeGlobalAllocUnicode(memory);
            Array.Clear(characters, 0, characters.Length);
        }
    }

    /// <summary>One character for each byte: BouncyCastle's PKCS#5 takes characters and uses their low bytes.</summary>
    public char[] ToByteCharacters() => Array.ConvertAll(Bytes, value => (char)value);

    /// <inheritdoc/>
    public void Dispose() => Array.Clear(Bytes, 0, Bytes.Length);
}
