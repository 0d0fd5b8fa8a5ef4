using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>The folder with the private keys: a <c>.pem</c> file for each key pair, and sometimes a PuTTY <c>.ppk</c> file.</summary>
internal sealed class KeyPairFolder(string path)
{
    private const string Ending = ".pem";

    /// <summary>Returns the path of a key pair's private key; an empty string if its name in EC2 is not a valid file name.</summary>
    public string PathOf(string name) => IsName(name) ? Path.Combine(path, name + Ending) : string.Empty;

    /// <summary>Returns the names of the key pairs in this folder.</summary>
    public IReadOnlyList<string> Names() => Directory.Exists(path)
        ? [.. Directory.EnumerateFiles(path).Where(file => file.EndsWith(Ending, StringComparison.Ordinal))
            .Select(file => Path.GetFileNameWithoutExtension(file)).Where(IsName).OrderBy(name => name, StringComparer.Ordinal)]
        : [];

    /// <summary>Whether this folder has the key pair's private key.</summary>
    public bool Has(string name) => File.Exists(PathOf(name));

    /// <summary>Returns the path of a key pair's PuTTY file; null if there is none.</summary>
    public string? FindPutty(string name) => IsName(name) && File.Exists(PuttyPathOf(name)) ? PuttyPathOf(name) : null;

    /// <summary>Creates a key pair and saves its private key. If that fails, no file is left.</summary>
    public SshPrivateKey Make(NewKeyPair wanted)
    {
        RequireNewName(wanted.Name);
        RequireFree(wanted);
        var key = wanted.Make();
        var file = PathOf(wanted.Name);
        PrivateKeyWriter.WriteAndWipe(file, OpenSshKeyFormat.Write(key, passphrase: null), force: false);
        if (wanted.Putty)
        {
            try
            {
                PrivateKeyWriter.WritePutty(key, PuttyPathOf(wanted.Name));
            }
            catch
            {
                File.Delete(file);
                throw;
            }
        }

        return key;
    }

    /// <summary>
    /// Copies one of the user's own keys into the folder, where every later session finds it. It is named after its file, or 'key' if
    /// EC2 does not allow that name. If another key has the name, the start of the key's fingerprint is appended.
    /// </summary>
    /// <returns>The name of the key pair.</returns>
    public string Adopt(string file)
    {
        var key = PrivateKeyReader.Read(file);
        KeyFilePermissions.Require(file);
        if (!Ec2Fingerprint.IsImportable(key.Algorithm))
        {
            throw NewKeyPair.NotImportable(key.Algorithm, file);
        }

        var stem = Path.GetFileNameWithoutExtension(file);
        stem = IsEc2Name(stem) ? stem : "key";
        var mark = new string(key.Fingerprint.Substring(key.Fingerprint.IndexOf(':') + 1).Where(char.IsLetterOrDigit).Take(8).ToArray());
        foreach (var name in new[] { stem, $"{stem}-{mark}" })
        {
            RequireName(name);
            if (!Has(name))
            {
                RequireNewName(name);
                try
                {
                    PrivateKeyWriter.WriteAndWipe(PathOf(name), OpenSshKeyFormat.Write(key, passphrase: null), force: false);
                    return name;
                }
                catch (SpotTrainerException exception) when (exception.Id == "FileExists")
                {
                    // Another launch has written it in the meantime.
                }
            }

            if (Holds(PathOf(name), key))
            {
                return name;
            }
        }

        throw new SpotTrainerException("KeyPairExists", ErrorKind.ResourceExists,
            $"Another key pair '{stem}' already exists ({PathOf(stem)}).", "Use that one with -KeyName, or rename the file.", file);
    }

    /// <summary>Deletes a key pair's files: the PuTTY file if it holds the same key, then the private key it can be made from.</summary>
    /// <param name="name">The name of the key pair.</param>
    /// <param name="key">The key in the file; null if it cannot be read.</param>
    /// <returns>The PuTTY file if it was kept, because it holds another key or cannot be read; otherwise null.</returns>
    public string? Delete(string name, SshPrivateKey? key)
    {
        var left = FindPutty(name);
        if (left is not null && key is not null && Holds(left, key))
        {
            File.Delete(left);
            left = null;
        }

        File.Delete(PathOf(name));
        return left;
    }

    /// <summary>Throws if a name is not a valid file name: it could even lead out of the folder.</summary>
    public static void RequireName(string name)
    {
        if (!IsName(name))
        {
            throw new SpotTrainerException("NameInvalid", ErrorKind.InvalidArgument,
                $"'{name}' is not a valid name for a key pair and its file.", "Use letters, digits, -, and _.", name);
        }
    }

    /// <summary>Throws if a name is not valid for a new file, on this system or on Windows, where the key may be needed later.</summary>
    public static void RequireNewName(string name)
    {
        RequireName(name);
        if (WindowsName.IsDevice(name) || name.Any(WindowsName.IsForbidden))
        {
            throw new SpotTrainerException("NameInvalid", ErrorKind.InvalidArgument,
                $"'{name}' is not a valid name for a key pair, because Windows allows no file with that name.",
                "Use letters, digits, -, and _ (but not con, nul, com1, and the like).", name);
        }

        if (!IsEc2Name(name))
        {
            throw new SpotTrainerException("NameInvalid", ErrorKind.InvalidArgument,
                $"'{name}' is not a valid name for a key pair: EC2 takes only ASCII characters, and no space at the start or the end.",
                "Use letters from A to Z, digits, -, and _.", name);
        }
    }

    /// <summary>EC2's own rule: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateKeyPair.html.</summary>
    private static bool IsEc2Name(string name) => name.All(letter => letter is >= ' ' and <= '~') && name.Trim() == name;

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 255 && name[0] != '.' && TerminalText.IsPlain(name)
        && name.IndexOfAny([.. Path.GetInvalidFileNameChars(), '/', '\\']) < 0;

    private static bool Holds(string file, SshPrivateKey key)
    {
        try
        {
            return PrivateKeyReader.Read(file).PublicBlob.SequenceEqual(key.PublicBlob);
        }
        catch (SpotTrainerException)
        {
            return false;
        }
    }

    private string PuttyPathOf(string name) => Path.Combine(path, name + ".ppk");

    private void RequireFree(NewKeyPair wanted)
    {
        if (Has(wanted.Name))
        {
            throw new SpotTrainerException("KeyPairExists", ErrorKind.ResourceExists,
                $"The key pair '{wanted.Name}' already exists ({PathOf(wanted.Name)}).",
                "Use it with -KeyName, or choose another name.", wanted.Name);
        }

        if (wanted.Putty && FindPutty(wanted.Name) is { } putty)
        {
            throw new SpotTrainerException("FileExists", ErrorKind.ResourceExists, $"{putty} already exists.",
                "Move it elsewhere, or choose another name.", putty);
        }
    }
}
