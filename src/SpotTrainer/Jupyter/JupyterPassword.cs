using System.Runtime.InteropServices;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;

namespace SpotTrainer.Jupyter;

/// <summary>Generates passwords and hashes them like Jupyter's <c>jupyter_server.auth.passwd</c>: Argon2id encoded.</summary>
internal static class JupyterPassword
{
    // Jupyter's own parameters.
    private const int MemoryKiB = 10240;
    private const int Passes = 10;
    private const int Lanes = 8;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    /// <summary>Generates a password of 24 letters and digits, without characters that look alike.</summary>
    public static SecureString Make()
    {
        const string letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        var password = new SecureString();
        foreach (var value in RandomBytes(24 * 4).Where(value => value < letters.Length * 4).Take(24))
        {
            password.AppendChar(letters[value % letters.Length]);
        }

        password.MakeReadOnly();
        return password;
    }

    /// <summary>Hashes a password.</summary>
    /// <returns><c>argon2:$argon2id$v=19$m=10240,t=10,p=8$salt$hash</c></returns>
    public static string Hash(SecureString password)
    {
        var clear = ToUtf8(password);
        try
        {
            var salt = RandomBytes(SaltBytes);
            var generator = new Argon2BytesGenerator();
            generator.Init(new Argon2Parameters.Builder(Argon2Parameters.Argon2id)
                .WithVersion(Argon2Parameters.Version13).WithMemoryAsKB(MemoryKiB).WithIterations(Passes).WithParallelism(Lanes)
                .WithSalt(salt).Build());
            var hash = new byte[HashBytes];
            generator.GenerateBytes(clear, hash);
            return $"argon2:$argon2id$v=19$m={MemoryKiB},t={Passes},p={Lanes}${Base64(salt)}${Base64(hash)}";
        }
        finally
        {
            Array.Clear(clear, 0, clear.Length);
        }
    }

    private static byte[] ToUtf8(SecureString password)
    {
        var pointer = Marshal.SecureStringToGlobalAllocUnicode(password);
        var characters = new char[password.Length];
        try
        {
            Marshal.Copy(pointer, characters, 0, characters.Length);
            return Encoding.UTF8.GetBytes(characters);
        }
        finally
        {
            Array.Clear(characters, 0, characters.Length);
            Marshal.ZeroFreeGlobalAllocUnicode(pointer);
        }
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(bytes);
        return bytes;
    }

    private static string Base64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');
}
