#if NET
using System.Runtime.Versioning;
#endif
using System.Text;
using Microsoft.Win32;

namespace SpotTrainer.Putty;

/// <summary>
/// PuTTY's sessions and host keys in the registry of the current user, as PuTTY for Windows reads them: numbers are DWORDs, and names are
/// escaped. Only ASCII names are accepted, because PuTTY reads other names in the code page of the system.
/// </summary>
#if NET
[SupportedOSPlatform("windows")]
#endif
internal sealed class PuttyRegistryStore : PuttySessionStore
{
    private const string Root = @"Software\SimonTatham\PuTTY\";
    private const string Sessions = Root + @"Sessions\";
    private const string HostKeys = Root + "SshHostKeys";

    /// <inheritdoc/>
    public override string PlaceOf(string name) => @"HKEY_CURRENT_USER\" + Sessions + Escape(name);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names()
    {
        using var sessions = Registry.CurrentUser.OpenSubKey(Sessions);
        return sessions is null ? [] : sessions.GetSubKeyNames().Select(stored => Encoding.UTF8.GetString(Unescape(stored))).ToArray();
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string>? Read(string name)
    {
        using var session = Registry.CurrentUser.OpenSubKey(Sessions + Escape(name));
        return session?.GetValueNames().ToDictionary(
            setting => setting, setting => Convert.ToString(session.GetValue(setting), System.Globalization.CultureInfo.InvariantCulture)
                ?? string.Empty,
            StringComparer.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public override void Write(string name, IReadOnlyDictionary<string, object> settings)
    {
        using var defaults = Read(name) is null ? Registry.CurrentUser.OpenSubKey(Sessions + Escape(DefaultName)) : null;
        using var session = Registry.CurrentUser.CreateSubKey(Sessions + Escape(name));
        foreach (var setting in defaults?.GetValueNames() ?? [])
        {
            session.SetValue(setting, defaults!.GetValue(setting)!, defaults.GetValueKind(setting));
        }

        foreach (var setting in settings)
        {
            session.SetValue(setting.Key, setting.Value);
        }
    }

    /// <inheritdoc/>
    public override string KeyFile(string path) => AnsiPath.Of(path);

    /// <inheritdoc/>
    public override void WriteHostKey(PuttyHostKey key, string hostName, int port)
    {
        using var cache = Registry.CurrentUser.CreateSubKey(HostKeys);
        cache.SetValue(key.CacheName(Escape(hostName), port), key.CacheValue);
    }

    /// <inheritdoc/>
    protected override string Escape(string name)
    {
        var escaped = Escape(Encoding.UTF8.GetBytes(name), character => character is > ' ' and <= '~' and not ('\\' or '*' or '?' or '%'));
        return escaped.StartsWith(".", StringComparison.Ordinal) ? "%2E" + escaped.Substring(1) : escaped;
    }

    /// <inheritdoc/>
    protected override bool CanBeStored(string name) => name.All(character => character <= '~');
}
