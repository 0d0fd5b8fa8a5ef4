using System.Text;
using SpotTrainer.Foundation;

namespace SpotTrainer.Putty;

/// <summary>Where PuTTY keeps its saved sessions and its host key cache.</summary>
internal abstract class PuttySessionStore
{
    /// <summary>The session that new sessions start from, as in PuTTY's own window.</summary>
    public const string DefaultName = "Default Settings";

    private const int LongestName = 255;

    /// <summary>Returns PuTTY's store on this system: the registry on Windows, files elsewhere.</summary>
    public static PuttySessionStore ForThisUser() => Platform.IsWindows
        ? new PuttyRegistryStore()
        : new PuttyFileStore(Environment.GetEnvironmentVariable);

    /// <summary>Returns where a session is stored.</summary>
    public abstract string PlaceOf(string name);

    /// <summary>Returns the names of all sessions.</summary>
    public abstract IReadOnlyList<string> Names();

    /// <summary>Returns the settings of a session; null if there is no session with that name.</summary>
    public abstract IReadOnlyDictionary<string, string>? Read(string name);

    /// <summary>
    /// Writes settings, which are strings and integers, to a session. Its other settings are kept. A new session starts with PuTTY's
    /// default settings.
    /// </summary>
    public abstract void Write(string name, IReadOnlyDictionary<string, object> settings);

    /// <summary>Writes a host key to the cache. It replaces one for the same host, port, and algorithm.</summary>
    public abstract void WriteHostKey(PuttyHostKey key, string hostName, int port);

    /// <summary>Returns the path of a key file in the form that PuTTY on this system can open.</summary>
    /// <exception cref="SpotTrainerException"><c>PuttyPathUnsupported</c>.</exception>
    public virtual string KeyFile(string path) => path;

    /// <summary>Throws if a text is not a valid session name.</summary>
    public void RequireName(string name)
    {
        if (name.Length == 0 || !TerminalText.IsPlain(name) || string.Equals(name, DefaultName, StringComparison.OrdinalIgnoreCase)
            || !CanBeStored(name) || Escape(name) is "." or ".." or { Length: > LongestName })
        {
            throw new SpotTrainerException("NameInvalid", ErrorKind.InvalidArgument, $"'{name}' is not a valid name for a PuTTY session.",
                "Use a -Name with letters, digits, -, and _.", name);
        }
    }

    /// <summary>Returns the name under which a session is stored.</summary>
    protected abstract string Escape(string name);

    /// <summary>Whether the store supports all characters of a name.</summary>
    protected abstract bool CanBeStored(string name);

    /// <summary>Writes each byte that is not safe as a percent sign and two hexadecimal digits.</summary>
    protected static string Escape(byte[] name, Func<char, bool> isSafe)
    {
        var text = new StringBuilder();
        foreach (var value in name)
        {
            text.Append(
                isSafe((char)value)
                    ? ((char)value).ToString()
                    : "%" + value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    /// <summary>Reverses the escaping.</summary>
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
