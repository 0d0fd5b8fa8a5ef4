using System.Text;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Utilities.IO.Pem;
using SpotTrainer.Foundation;

namespace SpotTrainer.Keys;

/// <summary>
/// Reads the private keys that a user may hold: what EC2, OpenSSH, OpenSSL and PuTTY write, with and without a passphrase
/// (<see cref="PemKeyFormat"/>, <see cref="OpenSshKeyFormat"/>, <see cref="PuttyKeyFormat"/>).
/// </summary>
internal static class PrivateKeyReader
{
    /// <summary>The largest file that is looked at: no private key comes near it.</summary>
    private const long MaxBytes = 64 * 1024;

    // What puttygen calls a key whose file has no room for a comment.
    private const string NoComment = "imported-openssh-key";

    private const string AskForKey = "Give the private key: the .pem, the .ppk, or the file without an ending.";

    /// <summary>Reads a key's file that has no passphrase.</summary>
    /// <exception cref="SpotTrainerException">It is not there, or is no private key that can be used.</exception>
    public static SshPrivateKey Read(string path) => Read(path, passphrase: null).Key;

    /// <summary>Reads a key's file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="passphrase">Its passphrase; it is not looked at where the file has none.</param>
    /// <exception cref="SpotTrainerException">It is not there, or is no private key that can be used.</exception>
    public static (SshPrivateKey Key, bool Encrypted) Read(string path, Passphrase? passphrase)
    {
        if (path.Length == 0)
        {
            throw new SpotTrainerException("KeyNotFound", ErrorKind.ObjectNotFound, "This computer has no private half of it.", "Take it from where it was made.");
        }

        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw Directory.Exists(path)
                ? new SpotTrainerException("KeyIsFolder", ErrorKind.InvalidArgument, $"{path} is a folder.", "Give the file of the private key in it.", path)
                : new SpotTrainerException("KeyNotFound", ErrorKind.ObjectNotFound, $"There is no file {path}.", "See where the key lies.", path);
        }

        if (file.Length > MaxBytes)
        {
            throw TooLarge(path, $"{file.Length} bytes");
        }

        var content = ReadAll(path);
        try
        {
            return Read(content, passphrase);
        }
        catch (KeyFileException exception)
        {
            throw exception.For(path);
        }
        finally
        {
            Array.Clear(content, 0, content.Length);
        }
    }

    /// <summary>Reads no more than a key's file may have, whatever its length is said to be: a device, or /proc, says 0.</summary>
    private static byte[] ReadAll(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var buffer = new byte[MaxBytes + 1];
        var length = 0;
        for (var read = 1; read > 0 && length < buffer.Length; length += read)
        {
            read = stream.Read(buffer, length, buffer.Length - length);
        }

        var content = new byte[length];
        Array.Copy(buffer, content, length);
        Array.Clear(buffer, 0, length);
        return length <= MaxBytes ? content : throw TooLarge(path, "more than it is said to have");
    }

    private static SpotTrainerException TooLarge(string path, string size) =>
        new("KeyTooLarge", ErrorKind.InvalidData, $"{path} has {size}, which no private key has.", AskForKey, path);

    /// <summary>Reads a file's content.</summary>
    /// <exception cref="KeyFileException">It is no private key that can be used.</exception>
    public static (SshPrivateKey Key, bool Encrypted) Read(byte[] content, Passphrase? passphrase)
    {
        RequireKey(content);
        try
        {
            if (StartsWith(content, PuttyKeyFormat.FirstWord))
            {
                var (key, encrypted, _) = PuttyKeyFormat.Read(content, passphrase);
                return (key, encrypted);
            }

            using var reader = new PemReader(new StreamReader(new MemoryStream(content), Encoding.ASCII));
            PemObject pem;
            do
            {
                // OpenSSL writes the curve before the key.
                pem = reader.ReadPemObject() ?? throw KeyFileException.Damaged("Its line with BEGIN or END is not whole.");
            }
            while (pem.Type == "EC PARAMETERS");
            return Read(pem, passphrase);
        }
        catch (OutOfMemoryException)
        {
            throw KeyFileException.TooCostly("To hash its passphrase takes more memory than this computer has.");
        }
        catch (Exception exception) when (exception is FormatException or IOException or ArgumentException or ArithmeticException
            or Asn1Exception or GeneralSecurityException or CryptoException or InvalidCastException or InvalidOperationException
            or IndexOutOfRangeException or NullReferenceException)
        {
            // What the libraries beneath raise when a file's inner parts are not what its head says.
            throw KeyFileException.Damaged("It ends too early, or was changed.", exception);
        }
    }

    private static (SshPrivateKey Key, bool Encrypted) Read(PemObject pem, Passphrase? passphrase)
    {
        try
        {
            switch (pem.Type)
            {
                case OpenSshKeyFormat.Label:
                    return OpenSshKeyFormat.Read(pem.Content, passphrase);
                case PemKeyFormat.Pkcs1Label or PemKeyFormat.Sec1Label or PemKeyFormat.Pkcs8Label or PemKeyFormat.EncryptedPkcs8Label:
                    var (key, encrypted) = PemKeyFormat.Read(pem, passphrase);
                    return (SshPrivateKey.From(key, NoComment), encrypted);
                case "CERTIFICATE" or "TRUSTED CERTIFICATE" or "X509 CERTIFICATE" or "CERTIFICATE REQUEST":
                    throw KeyFileException.Other("KeyIsCertificate", "It is a certificate, not a private key.", AskForKey);
                case "PUBLIC KEY" or "RSA PUBLIC KEY":
                    throw PublicKey();
                default:
                    throw KeyFileException.Unsupported($"It is a {pem.Type.ToLowerInvariant()}.");
            }
        }
        finally
        {
            Array.Clear(pem.Content, 0, pem.Content.Length);
        }
    }

    /// <summary>Tells what is plainly something else from a key that is damaged.</summary>
    private static void RequireKey(byte[] content)
    {
        if (content.Length == 0)
        {
            throw KeyFileException.Other("KeyEmpty", "It is empty.", AskForKey);
        }

        // ssh and PuTTY could not read it either: the file is to be mended.
        if (content is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0xEF, 0xBB, 0xBF, ..] or [0, _, ..] or [_, 0, ..])
        {
            throw KeyFileException.Other("KeyIsUnicode", "It was saved as Unicode text, as Windows PowerShell's '>' and Out-File do.",
                "Save it as plain text: Set-Content -Encoding Ascii -Path NEW -Value (Get-Content OLD).");
        }

        if (StartsWith(content, "---- BEGIN SSH2 PUBLIC KEY") || StartsWith(content, "ssh-") || StartsWith(content, "ecdsa-sha2-") || StartsWith(content, "sk-"))
        {
            throw Encoding.ASCII.GetString(content).Split(' ')[0].Contains("-cert-")
                ? KeyFileException.Other("KeyIsCertificate", "It is a certificate, not a private key.", AskForKey)
                : PublicKey();
        }

        var text = Encoding.ASCII.GetString(content);
        if (!text.StartsWith(PuttyKeyFormat.FirstWord, StringComparison.Ordinal) && !text.Contains("-----BEGIN "))
        {
            throw KeyFileException.Other("KeyUnreadable", "It has neither a line with BEGIN nor PuTTY's first line.", AskForKey);
        }
    }

    private static bool StartsWith(byte[] content, string text) =>
        content.Length >= text.Length && Encoding.ASCII.GetString(content, 0, text.Length) == text;

    private static KeyFileException PublicKey() => KeyFileException.Other(
        "KeyIsPublic", "It is a public key.", "Give the private key beside it: the file of the same name without .pub.");
}
