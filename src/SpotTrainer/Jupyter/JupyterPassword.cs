using System.Globalization;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Utilities;
using Org.BouncyCastle.Utilities.Encoders;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Jupyter;

/// <summary>Generates passwords, hashes them like Jupyter's <c>jupyter_server.auth.passwd</c>, and checks them like its <c>passwd_check</c>.</summary>
internal static class JupyterPassword
{
    // Jupyter's own parameters.
    private const int MemoryKiB = 10240;
    private const int Passes = 10;
    private const int Lanes = 8;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    /// <summary>A hash comes from a host, which could ask for more than this computer has.</summary>
    private const int MostMemoryKiB = 1024 * 1024;

    private const int MostPasses = 1000;

    private static readonly Regex Encoded = new(
        @"\Aargon2:\$argon2(?<type>id|i|d)\$v=19\$m=(?<memory>\d{1,8}),t=(?<passes>\d{1,6}),p=(?<lanes>\d{1,2})\$(?<salt>[A-Za-z0-9+/]{4,100})\$(?<hash>[A-Za-z0-9+/]{4,200})\z",
        RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

    /// <summary>Generates a password of 24 letters and digits, without characters that look alike.</summary>
    public static SecureString Make()
    {
        const string letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        var password = new SecureString();
        while (password.Length < 24)
        {
            foreach (var value in RandomBytes(24).Where(value => value < letters.Length * 4).Take(24 - password.Length))
            {
                password.AppendChar(letters[value % letters.Length]);
            }
        }

        password.MakeReadOnly();
        return password;
    }

    /// <summary>Hashes a password.</summary>
    /// <returns>
    /// <c>argon2:$argon2id$v=19$m=10240,t=10,p=8$SALT$HASH</c> in base64 without padding, or <c>sha512:SALT:HASH</c> in hexadecimal, where
    /// the hash is that of the password in UTF-8 and the salt's own text.
    /// </returns>
    /// <exception cref="SpotTrainerException"><c>PasswordEmpty</c>.</exception>
    public static string Hash(SecureString password, JupyterHashAlgorithm algorithm)
    {
        if (password.Length == 0)
        {
            throw JupyterErrors.PasswordEmpty();
        }

        using var clear = Passphrase.From(password)!;
        var salt = RandomBytes(SaltBytes);
        return algorithm == JupyterHashAlgorithm.Sha512
            ? $"sha512:{Hex.ToHexString(salt)}:{Digest(SHA512.Create(), clear, Hex.ToHexString(salt))}"
            : string.Format(
                CultureInfo.InvariantCulture, "argon2:$argon2id$v=19$m={0},t={1},p={2}${3}${4}", MemoryKiB, Passes, Lanes, Base64(salt),
                Base64(Argon2(Argon2Parameters.Argon2id, MemoryKiB, Passes, Lanes, salt, clear, HashBytes)));
    }

    /// <summary>Whether a hash is that of a password. Every hash that Jupyter writes can be checked; any other is that of none.</summary>
    public static bool Verify(string hash, SecureString password)
    {
        using var clear = Passphrase.From(password)!;
        if (Encoded.Match(hash) is { Success: true } found)
        {
            var (memory, passes, lanes) = (Number("memory"), Number("passes"), Number("lanes"));
            if (lanes < 1 || passes < 1 || passes > MostPasses || memory < 8 * lanes || memory > MostMemoryKiB
                || FromBase64(found.Groups["salt"].Value) is not { Length: >= 8 } salt || FromBase64(found.Groups["hash"].Value) is not { } expected)
            {
                return false;
            }

            var type = found.Groups["type"].Value switch
            {
                "id" => Argon2Parameters.Argon2id,
                "i" => Argon2Parameters.Argon2i,
                _ => Argon2Parameters.Argon2d,
            };
            return Arrays.FixedTimeEquals(expected, Argon2(type, memory, passes, lanes, salt, clear, expected.Length));
        }

        var parts = hash.Split([':'], 3);
        return parts.Length == 3 && Algorithm(parts[0]) is { } algorithm && parts[2] == Digest(algorithm, clear, parts[1]);

        int Number(string name) => int.Parse(found.Groups[name].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Returns random bytes.</summary>
    public static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(bytes);
        return bytes;
    }

    /// <summary>The algorithms of Python's hashlib that Jupyter has written, and the one of this class.</summary>
    private static HashAlgorithm? Algorithm(string name) => name switch
    {
#pragma warning disable CA5350 // What Notebook wrote before 6.1 is only read here.
        "sha1" => SHA1.Create(),
#pragma warning restore CA5350
        "sha256" => SHA256.Create(),
        "sha512" => SHA512.Create(),
        _ => null,
    };

    private static string Digest(HashAlgorithm algorithm, Passphrase clear, string salt)
    {
        byte[] salted = [.. clear.Bytes, .. Encoding.UTF8.GetBytes(salt)];
        try
        {
            using (algorithm)
            {
                return Hex.ToHexString(algorithm.ComputeHash(salted));
            }
        }
        finally
        {
            Array.Clear(salted, 0, salted.Length);
        }
    }

    private static byte[] Argon2(int type, int memory, int passes, int lanes, byte[] salt, Passphrase clear, int length)
    {
        var generator = new Argon2BytesGenerator();
        generator.Init(new Argon2Parameters.Builder(type).WithVersion(Argon2Parameters.Version13)
            .WithMemoryAsKB(memory).WithIterations(passes).WithParallelism(lanes).WithSalt(salt).Build());
        var hash = new byte[length];
        generator.GenerateBytes(clear.Bytes, hash);
        return hash;
    }

    private static string Base64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static byte[]? FromBase64(string text)
    {
        try
        {
            return Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
