using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace SpotTrainer.Keys;

/// <summary>
/// bcrypt_pbkdf, which OpenSSH uses to derive a key from a passphrase (OpenBSD's bcrypt_pbkdf(3)): PBKDF2 around a Blowfish whose key
/// schedule runs 64 times (eksblowfish: Provos and Mazières, A Future-Adaptable Password Scheme, 1999), with the output bytes interleaved.
/// </summary>
internal sealed class BcryptPbkdf
{
    private const int HashLength = 32;
    private const int Subkeys = 18;
    private const int Boxes = 4 * 256;

    // Blowfish's initial state is the fractional part of pi: first the subkeys, then the S-boxes.
    private static readonly Lazy<uint[]> Pi = new(() => FractionOfPi(Subkeys + Boxes));
    private static readonly byte[] Magic = Encoding.ASCII.GetBytes("OxychromaticBlowfishSwatDynamite");

    private readonly uint[] state = new uint[Subkeys + Boxes];

    /// <summary>Derives key bytes.</summary>
    /// <param name="passphrase">The passphrase; not empty.</param>
    /// <param name="salt">The salt.</param>
    /// <param name="rounds">How many times each block is hashed; at least 1.</param>
    /// <param name="length">How many bytes to derive.</param>
    public static byte[] Derive(byte[] passphrase, byte[] salt, int rounds, int length)
    {
        var key = new byte[length];
        var blocks = (length + HashLength - 1) / HashLength;
        var bcrypt = new BcryptPbkdf();
        using var sha512 = SHA512.Create();
        var hashedPassphrase = sha512.ComputeHash(passphrase);
        try
        {
            for (var block = 0; block < blocks; block++)
            {
                var count = block + 1;
                byte[] counted = [.. salt, (byte)(count >> 24), (byte)(count >> 16), (byte)(count >> 8), (byte)count];
                var hash = bcrypt.Hash(hashedPassphrase, sha512.ComputeHash(counted));
                var sum = (byte[])hash.Clone();
                for (var round = 1; round < rounds; round++)
                {
                    hash = bcrypt.Hash(hashedPassphrase, sha512.ComputeHash(hash));
                    for (var i = 0; i < HashLength; i++)
                    {
                        sum[i] ^= hash[i];
                    }
                }

                for (var i = 0; i < HashLength && (i * blocks) + block < length; i++)
                {
                    key[(i * blocks) + block] = sum[i];
                }

                Array.Clear(sum, 0, sum.Length);
            }

            return key;
        }
        finally
        {
            Array.Clear(hashedPassphrase, 0, hashedPassphrase.Length);
            Array.Clear(bcrypt.state, 0, bcrypt.state.Length);
        }
    }

    private byte[] Hash(byte[] passphrase, byte[] salt)
    {
        Array.Copy(Pi.Value, state, state.Length);
        var (passphraseWords, saltWords) = (Words(passphrase), Words(salt));
        Expand(passphraseWords, saltWords);
        for (var i = 0; i < 64; i++)
        {
            Expand(saltWords, data: null);
            Expand(passphraseWords, data: null);
        }

        var words = Words(Magic);
        for (var i = 0; i < words.Length; i += 2)
        {
            for (var j = 0; j < 64; j++)
            {
                Encipher(ref words[i], ref words[i + 1]);
            }
        }

        var hash = new byte[HashLength];
        for (var i = 0; i < hash.Length; i++)
        {
            hash[i] = (byte)(words[i / 4] >> (8 * (i % 4)));
        }

        return hash;
    }

    private void Expand(uint[] key, uint[]? data)
    {
        for (var i = 0; i < Subkeys; i++)
        {
            state[i] ^= key[i % key.Length];
        }

        uint left = 0, right = 0;
        for (var i = 0; i < state.Length; i += 2)
        {
            if (data is not null)
            {
                left ^= data[i % data.Length];
                right ^= data[(i + 1) % data.Length];
            }

            Encipher(ref left, ref right);
            state[i] = left;
            state[i + 1] = right;
        }
    }

    private void Encipher(ref uint left, ref uint right)
    {
        var s = state;
        var (l, r) = (left ^ s[0], right);
        for (var i = 1; i <= 16; i += 2)
        {
            r ^= (((s[Subkeys + (l >> 24)] + s[Subkeys + 256 + ((l >> 16) & 255)]) ^ s[Subkeys + 512 + (
                (l >> 8) & 255)]) + s[Subkeys + 768 + (l & 255)]) ^ s[i];
            l ^= (((s[Subkeys + (r >> 24)] + s[Subkeys + 256 + ((r >> 16) & 255)]) ^ s[Subkeys + 512 + (
                (r >> 8) & 255)]) + s[Subkeys + 768 + (r & 255)]) ^ s[i + 1];
        }

        left = r ^ s[17];
        right = l;
    }

    private static uint[] Words(byte[] bytes)
    {
        var words = new uint[bytes.Length / 4];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = ((uint)bytes[4 * i] << 24) | ((uint)bytes[(4 * i) + 1] << 16) | ((uint)bytes[(4 * i) + 2] << 8) | bytes[(4 * i) + 3];
        }

        return words;
    }

    /// <summary>Computes the first words of pi's fractional part, by Machin's formula.</summary>
    private static uint[] FractionOfPi(int count)
    {
        const int Guard = 64;
        var one = BigInteger.One << ((32 * count) + Guard);
        var pi = (16 * InverseTangent(5)) - (4 * InverseTangent(239));
        var fraction = (pi - (3 * one)) >> Guard;
        var words = new uint[count];
        for (var i = count - 1; i >= 0; i--)
        {
            words[i] = (uint)(fraction & uint.MaxValue);
            fraction >>= 32;
        }

        return words;

        BigInteger InverseTangent(int inverse)
        {
            var (power, sum) = (one / inverse, one / inverse);
            for (var divisor = 3; !power.IsZero; divisor += 2)
            {
                power /= -inverse * inverse;
                sum += power / divisor;
            }

            return sum;
        }
    }
}
