using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Parameters;

namespace SpotTrainer.Keys;

/// <summary>Writes PuTTY's key files, version 3, without a passphrase (PuTTY's manual, appendix "PPK file format").</summary>
internal static class PuttyKeyFormat
{
    private const int LineLength = 64;

    /// <summary>Gives the text of the key's <c>.ppk</c>, byte for byte as puttygen writes it.</summary>
    public static string Write(SshPrivateKey key)
    {
        var secret = PrivateBlob(key);
        var text = new StringBuilder()
            .Append("PuTTY-User-Key-File-3: ").Append(key.Algorithm).Append('\n')
            .Append("Encryption: none\n")
            .Append("Comment: ").Append(key.Comment).Append('\n');
        AppendLines(text, "Public-Lines", key.PublicBlob);
        AppendLines(text, "Private-Lines", secret);
        var authenticated = new SshWriter().String(key.Algorithm).String("none").String(key.Comment).String(key.PublicBlob).String(secret).ToArray();

        // Without a passphrase the key of the MAC is empty: it then guards against damage only.
        using var mac = new HMACSHA256([]);
        text.Append("Private-MAC: ");
        foreach (var value in mac.ComputeHash(authenticated))
        {
            text.Append(value.ToString("x2", CultureInfo.InvariantCulture));
        }

        return text.Append('\n').ToString();
    }

    private static byte[] PrivateBlob(SshPrivateKey key)
    {
        if (key.Key is RsaPrivateCrtKeyParameters rsa)
        {
            return new SshWriter().MpInt(rsa.Exponent).MpInt(rsa.P).MpInt(rsa.Q).MpInt(rsa.QInv).ToArray();
        }

        return new SshWriter().String(((Ed25519PrivateKeyParameters)key.Key).GetEncoded()).ToArray();
    }

    private static void AppendLines(StringBuilder text, string name, byte[] data)
    {
        var base64 = Convert.ToBase64String(data);
        text.Append(name).Append(": ").Append(((base64.Length + LineLength - 1) / LineLength).ToString(CultureInfo.InvariantCulture)).Append('\n');
        for (var start = 0; start < base64.Length; start += LineLength)
        {
            text.Append(base64, start, Math.Min(LineLength, base64.Length - start)).Append('\n');
        }
    }
}
