using System.Globalization;
using System.Text;
using SpotTrainer.Foundation;

namespace SpotTrainer.Putty;

/// <summary>
/// PuTTY's sessions and host keys in files, as PuTTY for Unix reads them: <c>sessions/NAME</c> has a line <c>Setting=value</c> for each
/// setting, and <c>sshhostkeys</c> has a line <c>type@port:host numbers</c> for each key. Files are read and written as bytes: what other
/// programs wrote stays as it is.
/// </summary>
internal sealed class PuttyFileStore : PuttySessionStore
{
    // Maps every byte to the character with the same value, and back.
    private static readonly Encoding Bytes = Encoding.GetEncoding("iso-8859-1");
    private readonly string sessions;
    private readonly string hostKeys;

    /// <summary>Finds the folder by PuTTY's own rules.</summary>
    /// <param name="environment">Returns the value of an environment variable.</param>
    public PuttyFileStore(Func<string, string?> environment)
    {
        var folder = Given(environment, "PUTTYDIR") ?? Folder(environment);
        sessions = Given(environment, "PUTTYSESSIONS") ?? Path.Combine(folder, "sessions");
        hostKeys = Given(environment, "PUTTYSSHHOSTKEYS") ?? Path.Combine(folder, "sshhostkeys");
    }

    /// <inheritdoc/>
    public override string PlaceOf(string name) => Path.Combine(sessions, Escape(name));

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names() => Directory.Exists(sessions)
        ? Directory.GetFiles(sessions).Select(file => Encoding.UTF8.GetString(Unescape(Path.GetFileName(file)))).ToArray()
        : [];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string>? Read(string name)
    {
        if (!File.Exists(PlaceOf(name)))
        {
            return null;
        }

        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Lines(PlaceOf(name)))
        {
            // If a setting has several lines, the first one counts, as in PuTTY.
            var setting = SettingOf(line);
            if (!settings.ContainsKey(setting))
            {
                settings.Add(
                    setting,
                    Encoding.UTF8.GetString(Bytes.GetBytes(line.Substring(Math.Min(line.Length, setting.Length + 1)).TrimEnd('\r'))));
            }
        }

        return settings;
    }

    /// <inheritdoc/>
    public override void Write(string name, IReadOnlyDictionary<string, object> settings)
    {
        // A line break in a value would start another setting.
        if (settings.Values.OfType<string>().FirstOrDefault(value => value.Any(char.IsControl)) is { } value)
        {
            throw new SpotTrainerException("ValueInvalid", ErrorKind.InvalidArgument,
                $"A PuTTY session cannot contain the value '{value}'.", "Move the key file to a path without control characters.", value);
        }

        var place = PlaceOf(name);
        var lines = Lines(File.Exists(place) ? place : PlaceOf(DefaultName)).Where(line => !settings.ContainsKey(SettingOf(line)))
            .Concat(settings.Select(
                setting => string.Format(CultureInfo.InvariantCulture, "{0}={1}", setting.Key, AsBytes(setting.Value))));
        Replace(place, lines);
    }

    /// <inheritdoc/>
    public override void WriteHostKey(PuttyHostKey key, string hostName, int port)
    {
        var name = AsBytes(key.CacheName(hostName, port)) + " ";
        Replace(hostKeys, Lines(hostKeys).Where(line => !line.StartsWith(name, StringComparison.Ordinal)).Append(name + key.CacheValue));
    }

    /// <inheritdoc/>
    protected override string Escape(string name) => Escape(
        Encoding.UTF8.GetBytes(name),
        character => character is (>= '0' and <= '9') or (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') or '+' or '-' or '.' or '@' or '_');

    /// <inheritdoc/>
    protected override bool CanBeStored(string name) => true;

    /// <summary>
    /// The folder that PuTTY uses: the XDG folder if it exists, otherwise <c>~/.putty</c>. PuTTY may also look elsewhere, but not once that
    /// folder exists.
    /// </summary>
    private static string Folder(Func<string, string?> environment)
    {
        var home = Given(environment, "HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var xdg = Path.Combine(Given(environment, "XDG_CONFIG_HOME") ?? Path.Combine(home, ".config"), "putty");
        return Directory.Exists(xdg) ? xdg : Path.Combine(home, ".putty");
    }

    private static string? Given(Func<string, string?> environment, string variable) =>
        environment(variable) is { Length: > 0 } value ? value : null;

    private static string SettingOf(string line) => line.Split('=')[0];

    private static string AsBytes(object value) =>
        Bytes.GetString(Encoding.UTF8.GetBytes(Convert.ToString(value, CultureInfo.InvariantCulture)!));

    private static IReadOnlyList<string> Lines(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        var text = Bytes.GetString(File.ReadAllBytes(path));
        return text.Length == 0
            ? []
            : (text.EndsWith("\n", StringComparison.Ordinal) ? text.Substring(0, text.Length - 1) : text).Split('\n');
    }

    private static void Replace(string path, IEnumerable<string> lines) =>
        PrivateFile.Write(path, Bytes.GetBytes(string.Concat(lines.Select(line => line + "\n"))), overwrite: true);
}
