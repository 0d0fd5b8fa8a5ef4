
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>The folder of the private halves: a file <c>.pem</c> for each, and PuTTY's <c>.ppk</c> beside it for some.</summary>
internal sealed class KeyPairFolder(string path)
{
    private const string Ending = ".pem";

    /// <summary>The file of a pair's private half; an empty string for a name of EC2's that can't be a file's.</summary>
    public string PathOf(string name) => IsName(name) ? Path.Combine(path, name + Ending) : string.Empty;

    /// <summary>The names of the pairs that are here.</summary>
    public IReadOnlyList<string> Names() => Directory.Exists(path)
        ? [.. Directory.EnumerateFiles(path).Where(file => file.EndsWith(Ending, StringComparison.Ordinal))
            .Select(file => Path.GetFileNameWithoutExtension(file)).Where(IsName).OrderBy(name => name, StringComparer.Ordinal)]
        : [];

    /// <summary>Whether a pair's private half is here.</summary>
    public bool Has(string name) => File.Exists(PathOf(name));

    /// <summary>PuTTY's file of a pair, if there is one.</summary>
    public string? FindPutty(string name) => IsName(name) && File.Exists(PuttyPathOf(name)) ? PuttyPathOf(name) : null;

    /// <summary>Makes a pair and keeps its private half. Where that fails nothing is left.</summary>
    public SshPrivateKey Make(NewKeyPair wanted)
    {
        RequireName(wanted.Name);
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
    /// Takes a key of the user's own into the folder, where every later session finds it: under its file's name, or, where another key has
    /// that name, with the beginning of its fingerprint.
    /// </summary>
    /// <returns>The name.</returns>
    public string Adopt(string file)
    {
        var key = PrivateKeyReader.Read(file);
        KeyFilePermissions.Require(file);
        if (!Ec2Fingerprint.IsImportable(key.Algorithm))
        {
            throw NewKeyPair.NotImportable(key.Algorithm, file);
        }

        var stem = Path.GetFileNameWithoutExtension(file);
        var mark = new string(key.Fingerprint.Substring(key.Fingerprint.IndexOf(':') + 1).Where(char.IsLetterOrDigit).Take(8).ToArray());
        foreach (var name in new[] { stem, $"{stem}-{mark}" })
        {
            RequireName(name);
            if (!Has(name))
            {
                PrivateKeyWriter.WriteAndWipe(PathOf(name), OpenSshKeyFormat.Write(key, passphrase: null), force: false);
                return name;
            }

            if (Holds(PathOf(name), key))
            {
                return name;
            }
        }

        throw new SpotTrainerException("KeyPairExists", ErrorKind.ResourceExists, $"There is another key pair '{stem}' already ({PathOf(stem)}).",
            "Use that one with -KeyName, or rename the file.", file);
    }

    /// <summary>Deletes a pair's files: PuTTY's where it holds the same key, and last the one that it could be made from again.</summary>
    /// <param name="name">The name.</param>
    /// <param name="key">The key in the file; null where it can't be read.</param>
    /// <returns>PuTTY's file, where it was left: it holds another key, or can't be read.</returns>
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

    /// <summary>Throws when a name can't be a file's: it could then also lead out of the folder.</summary>
    public static void RequireName(string name)
    {
        if (!IsName(name))
        {
            throw new SpotTrainerException("NameInvalid", ErrorKind.InvalidArgument, $"'{name}' can't be the name of a key pair and of its file.",
                "Use letters, digits, - and _.", name);
        }
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 255 && name.IndexOfAny([.. Path.GetInvalidFileNameChars(), '/', '\\']) < 0 && name[0] != '.';

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
            throw new SpotTrainerException("KeyPairExists", ErrorKind.ResourceExists, $"There is a key pair '{wanted.Name}' already ({PathOf(wanted.Name)}).",
                "Use it with -KeyName, or choose another name.", wanted.Name);
        }

        if (wanted.Putty && FindPutty(wanted.Name) is { } putty)
        {
            throw new SpotTrainerException("FileExists", ErrorKind.ResourceExists, $"{putty} stands there already.",
                "Move it elsewhere, or choose another name.", putty);
        }
    }
}
