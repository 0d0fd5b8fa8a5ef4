using System.Text;
using System.Text.RegularExpressions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Utilities.IO.Pem;
using SpotTrainer.Foundation;

namespace SpotTrainer.Keys;

/// <summary>
/// Reads the private keys that a user may have: those that EC2, OpenSSH, OpenSSL, and PuTTY write, with and without a passphrase
/// (<see cref="PemKeyFormat"/>, <see cref="OpenSshKeyFormat"/>, <see cref="PuttyKeyFormat"/>).
/// </summary>
internal static class PrivateKeyReader
{
    /// <summary>The largest file that is read. No private key comes close.</summary>
    private const long MaxBytes = 64 * 1024;

    // puttygen's comment for a key whose format has no comment field.
    private const string NoComment = "imported-openssh-key";

    private const string AskForKey = "Use the private key file: the .pem, the .ppk, or the file without an extension.";

    // After the BEGIN line, or after the first line of a PuTTY file. It takes linear time; a limit could strike on a busy computer.
    private static readonly Regex EscapedLineEnd = new(
        @"-----BEGIN [^-\n]*-----(\\r)?\\n|\A" + PuttyKeyFormat.FirstWord + @"\d: [^\r\n\\]*\\[rn]", RegexOptions.ExplicitCapture,
        Regex.InfiniteMatchTimeout);

    /// <summary>Reads a key file that has no passphrase.</summary>
    /// <exception cref="SpotTrainerException">The file does not exist, or is not a usable private key.</exception>
    public static SshPrivateKey Read(string path) => Read(path, passphrase: null).Key;

    /// <summary>Reads a key file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="passphrase">Its passphrase; ignored if the file has none.</param>
    /// <exception cref="SpotTrainerException">The file does not exist, or is not a usable private key.</exception>
    public static (SshPrivateKey Key, bool Encrypted) Read(string path, Passphrase? passphrase)
    {
        if (path.Length == 0)
        {
            throw new SpotTrainerException("KeyNotFound", ErrorKind.ObjectNotFound, "The private key is not on this computer.",
                "Copy it from the computer where it was created.");
        }

        if (!File.Exists(path))
        {
            throw Directory.Exists(path)
                ? new SpotTrainerException(
                    "KeyIsFolder", ErrorKind.InvalidArgument, $"{path} is a folder.", "Use the private key file in it.", path)
                : new SpotTrainerException(
                    "KeyNotFound", ErrorKind.ObjectNotFound, $"The file {path} does not exist.", "Check the path of the key.", path);
        }

        if (new FileInfo(path).Length is var length and > MaxBytes)
        {
            throw TooLarge(path, $"{length} bytes");
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

    /// <summary>Reads no more than a key file may have, regardless of its reported length: devices and /proc report 0.</summary>
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
        return length <= MaxBytes ? content : throw TooLarge(path, $"more than {MaxBytes} bytes");
    }

    private static SpotTrainerException TooLarge(string path, string size) =>
        new("KeyTooLarge", ErrorKind.InvalidData, $"{path} is too large for a private key ({size}).", AskForKey, path);

    /// <summary>Reads a file's content.</summary>
    /// <exception cref="KeyFileException">The content is not a usable private key.</exception>
    public static (SshPrivateKey Key, bool Encrypted) Read(byte[] content, Passphrase? passphrase)
    {
        // Notepad writes a byte order mark.
        content = content is [0xEF, 0xBB, 0xBF, ..] ? [.. content.Skip(3)] : content;
        RequireKey(content);
        try
        {
            if (StartsWith(content, PuttyKeyFormat.FirstWord))
            {
                var (key, encrypted, _) = PuttyKeyFormat.Read(content, passphrase);
                return (key, encrypted);
            }

            using var reader = new PemReader(new StreamReader(new MemoryStream(content), Encoding.ASCII));
            PemObject? other = null;
            while (reader.ReadPemObject() is { } pem)
            {
                // OpenSSL writes certificates and the parameters of curves before the key.
                if (pem.Type.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
                {
                    return Read(pem, passphrase);
                }

                other ??= pem;
            }

            return Read(other ?? throw KeyFileException.Damaged("its BEGIN or END line is malformed."), passphrase);
        }
        catch (OutOfMemoryException)
        {
            throw KeyFileException.TooCostly("Hashing its passphrase takes more memory than this computer has.");
        }
        catch (Exception exception) when (exception is FormatException or IOException or ArgumentException or ArithmeticException
            or Asn1Exception or GeneralSecurityException or CryptoException or InvalidCastException or InvalidOperationException
            or IndexOutOfRangeException or NullReferenceException)
        {
            // The underlying libraries throw these if a file's content does not match its header.
            throw KeyFileException.Damaged("it ends too early, or was changed.", exception);
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
                case "DSA PRIVATE KEY":
                    throw KeyFileException.Dsa();
                default:
                    throw KeyFileException.Unsupported($"Files of the type '{pem.Type}' are not supported.");
            }
        }
        finally
        {
            Array.Clear(pem.Content, 0, pem.Content.Length);
        }
    }

    /// <summary>Rejects content that is clearly not a private key, instead of reporting it as a damaged one.</summary>
    private static void RequireKey(byte[] content)
    {
        if (content.Length == 0)
        {
            throw KeyFileException.Other("KeyEmpty", "It is empty.", AskForKey);
        }

        // ssh and PuTTY cannot read such a file either, so the user has to fix it.
        if (content is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, _, ..] or [_, 0, ..])
        {
            throw KeyFileException.Other("KeyIsUnicode", "It was saved as Unicode text, as '>' and Out-File do in Windows PowerShell.",
                "Save it as plain text: Set-Content -Encoding Ascii -Path NEW -Value (Get-Content OLD).");
        }

        if (StartsWith(content, "---- BEGIN SSH2 PUBLIC KEY") || StartsWith(content, "ssh-") || StartsWith(content, "ecdsa-sha2-")
            || StartsWith(content, "sk-"))
        {
            throw Encoding.ASCII.GetString(content).Split(' ')[0].Contains("-cert-")
                ? KeyFileException.Other("KeyIsCertificate", "It is a certificate, not a private key.", AskForKey)
                : PublicKey();
        }

        var text = Encoding.ASCII.GetString(content);
        if (EscapedLineEnd.IsMatch(text))
        {
            throw KeyFileException.Other("KeyLineEndsEscaped", @"Its line ends are written as \n, as in JSON and in environment variables.",
                @"Write real ones: Set-Content -Encoding Ascii -Path NEW -Value ((Get-Content -Raw OLD) -replace '(\\r)?\\n', ""`n"").");
        }

        if (text.StartsWith("---- BEGIN SSH2 ", StringComparison.Ordinal))
        {
            throw KeyFileException.Unsupported("It is in the format of ssh.com's programs.",
                "Convert it with PuTTYgen (Conversions, Export OpenSSH key), or run: puttygen OLD -O private-openssh -o NEW");
        }

        if (!text.StartsWith(PuttyKeyFormat.FirstWord, StringComparison.Ordinal) && !text.Contains("-----BEGIN "))
        {
            throw KeyFileException.Other("KeyUnreadable", "It has neither a BEGIN line nor a PuTTY header.", AskForKey);
        }
    }

    private static bool StartsWith(byte[] content, string text) =>
        content.Length >= text.Length && Encoding.ASCII.GetString(content, 0, text.Length) == text;

    private static KeyFileException PublicKey() => KeyFileException.Other(
        "KeyIsPublic", "It is a public key.", "Use the private key next to it: the file with the same name, without .pub.");
}
