using System.Runtime.InteropServices;
using System.Security;
using System.Text;

namespace SpotTrainer.Keys;

/// <summary>A passphrase as the UTF-8 bytes that key formats hash. It is never a string, and Dispose wipes the bytes.</summary>
internal sealed class Passphrase : IDisposable
{
    private Passphrase(byte[] bytes) => Bytes = bytes;

    /// <summary>The bytes; empty for an empty passphrase.</summary>
    public byte[] Bytes { get; }

    /// <summary>Whether the passphrase is empty, which means that the key is not encrypted.</summary>
    public bool IsEmpty => Bytes.Length == 0;

    /// <summary>Copies a passphrase that the user typed; null if there is none.</summary>
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

    /// <summary>Returns one character for each byte: BouncyCastle's PKCS#5 takes characters and uses their low bytes.</summary>
    public char[] ToByteCharacters() => Array.ConvertAll(Bytes, value => (char)value);

    /// <inheritdoc/>
    public void Dispose() => Array.Clear(Bytes, 0, Bytes.Length);
}
