using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace SpotTrainer.Keys;

/// <summary>Runs a BouncyCastle cipher over the private part of a key file.</summary>
internal static class KeyCipher
{
    /// <summary>Encrypts or decrypts all of the data.</summary>
    /// <param name="algorithm">BouncyCastle's name for the cipher, such as <c>AES/CBC/NoPadding</c>.</param>
    /// <param name="forEncryption">True to encrypt, false to decrypt.</param>
    /// <param name="key">The key.</param>
    /// <param name="iv">The initialization vector, or the initial counter.</param>
    /// <param name="data">The data.</param>
    /// <exception cref="InvalidCipherTextException">The tag or the padding is wrong.</exception>
    public static byte[] Run(string algorithm, bool forEncryption, byte[] key, byte[] iv, byte[] data) =>
        Run(algorithm, forEncryption, new ParametersWithIV(new KeyParameter(key), iv), data);

    /// <inheritdoc cref="Run(string, bool, byte[], byte[], byte[])"/>
    public static byte[] Run(string algorithm, bool forEncryption, ICipherParameters parameters, byte[] data)
    {
        var cipher = CipherUtilities.GetCipher(algorithm);
        cipher.Init(forEncryption, parameters);
        return cipher.DoFinal(data);
    }
}
