using System.Text;
using SpotTrainer.Foundation;

namespace SpotTrainer.Putty;

/// <summary>Where PuTTY keeps its saved sessions and its cache of host keys.</summary>
internal abstract class PuttySessionStore
{
    /// <summary>The session that new ones start from, in PuTTY's own window too.</summary>
    public const string DefaultName = "Default Settings";

    private const int LongestName = 255;

    /// <summary>The store of PuTTY on this system: the registry on Windows, files elsewhere.</summary>
    public static PuttySessionStore ForThisUser() => Platform.IsWindows
        ? new PuttyRegistryStore()
        : new PuttyFileStore(Environment.GetEnvironmentVariable);

    /// <summary>Where a session is written.</summary>
    public abstract string PlaceOf(string name);

    /// <summary>The names of the sessions there are.</summary>
    public abstract IReadOnlyList<string> Names();

    /// <summary>The settings of a session; null where there is none of that name.</summary>
    public abstract IReadOnlyDictionary<string, string>? Read(string name);

    /// <summary>Writes settings, texts and whole numbers, into a session. Its other ones stay; a new session has those of PuTTY's default.</summary>
    public abstract void Write(string name, IReadOnlyDictionary<string, object> settings);

    /// <summary>Writes a host key into the cache, in place of one of the same host, port and algorithm.</summary>
    public abstract void WriteHostKey(PuttyHostKey key, string hostName, int port);

    /// <summary>Throws where a text can't be the name of a session.</summary>
    public void RequireName(string name)
    {
        if (name.Length == 0 || name.Any(char.IsControl) || string.Equals(name, DefaultName, StringComparison.OrdinalIgnoreCase)
            || !CanBeStored(name) || Escape(name) is "." or ".." or { Length: > LongestName })
        {
            throw new SpotTrainerException("NameInvalid", ErrorKind.InvalidArgument, $"'{name}' can't be the name of a PuTTY session.",
                "Give -Name with letters, digits, - and _.", name);
        }
    }

    /// <summary>Gives the name under which a session is stored.</summary>
    protected abstract string Escape(string name);

    /// <summary>Whether a name has no characters that the store lacks.</summary>
    protected abstract bool CanBeStored(string name);

    /// <summary>Writes each byte that is not safe as a percent sign and two hexadecimal digits.</summary>
    protected static string Escape(byte[] name, Func<char, bool> isSafe)
    {
        var text = new StringBuilder();
        foreach (var value in name)
        {
            text.Append(isSafe((char)value) ? ((char)value).ToString() : "%" + value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    /// <summary>Takes the escapes back.</summary>
    protected static byte[] Unescape(string stored)
    {
        var bytes = new List<byte>();
        for (var at = 0; at < stored.Length; at++)
        {
            if (stored[at] == '%' && at + 2 < stored.Length && Uri.IsHexDigit(stored[at + 1]) && Uri.IsHexDigit(stored[at + 2]))
            {
                bytes.Add((byte)((Uri.FromHex(stored[at + 1]) << 4) | Uri.FromHex(stored[at + 2])));
                at += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(stored.Substring(at, 1)));
            }
        }

        return bytes.ToArray();
    }
}
