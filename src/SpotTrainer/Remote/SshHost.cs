using System.Globalization;
using System.Text;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>
/// What OpenSSH's ssh needs to reach a host without a question: a block of its configuration (ssh_config(5)), and a line of known_hosts
/// (sshd(8)) with the whole host key.
/// </summary>
/// <param name="Alias">The name for <c>ssh NAME</c>.</param>
/// <param name="HostName">The name or address.</param>
/// <param name="Port">The port.</param>
/// <param name="UserName">The user name.</param>
/// <param name="KeyPath">The file of the private key; null for the keys of the agent.</param>
/// <param name="HostKey">The blob of the host key, in base64.</param>
internal sealed record SshHost(string Alias, string HostName, int Port, string UserName, string? KeyPath, string HostKey)
{
    private const int KeepAliveSeconds = 30;

    /// <summary>The name by which known_hosts has the host key; another than the alias if that may change.</summary>
    public string HostKeyAlias { get; init; } = Alias;

    /// <summary>
    /// Describes a host. Its host key comes from a connection that was checked against the pinned fingerprints: ssh needs the whole key.
    /// </summary>
    /// <exception cref="SpotTrainerException"><c>KeyIsPutty</c>, <c>SshValueInvalid</c>, and the errors of connecting.</exception>
    public static async Task<SshHost> FromAsync(
        string alias, TrainingHost host, StepContext context, CancellationToken cancellationToken)
    {
        RequireReadable(host);
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        var made = new SshHost(
            alias, host.HostName, host.Port, host.UserName, host.KeyPath, Convert.ToBase64String(connection.HostKey));
        made.Require(host);
        return made;
    }

    /// <summary>
    /// Returns a name that ssh takes as the name of a host, and that no shell takes apart: letters, digits, <c>-</c>, and <c>_</c>. Dots
    /// are replaced, too: an instance must not take the place of a host on the Internet. Empty if nothing is left.
    /// </summary>
    public static string ToAlias(string name)
    {
        var alias = new StringBuilder();
        foreach (var letter in name)
        {
            if (letter is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '_' or '-')
            {
                alias.Append(letter);
            }
            else if (alias.Length > 0 && alias[alias.Length - 1] != '-')
            {
                alias.Append('-');
            }
        }

        return alias.ToString().Trim('-');
    }

    /// <summary>The line of known_hosts.</summary>
    public string KnownHostsLine() =>
        $"{HostKeyAlias} {Encoding.ASCII.GetString(new SshReader(Convert.FromBase64String(HostKey)).String())} {HostKey}\n";

    /// <summary>The block of the configuration.</summary>
    /// <param name="knownHostsPath">The file with the line of known_hosts.</param>
    /// <param name="proxyCommand">The command that connects through a jump host; null for none.</param>
    public string ConfigBlock(string knownHostsPath, string? proxyCommand = null)
    {
        var text = new StringBuilder();
        text.Append("Host ").Append(Alias).Append('\n');
        Add("HostName", Quote(HostName));
        Add("Port", Port.ToString(CultureInfo.InvariantCulture));
        Add("User", $"\"{UserName}\"");
        Add("IdentityFile", KeyPath is null ? "none" : QuotePath(KeyPath));

        // Without a file, the agent offers all of its keys.
        Add("IdentitiesOnly", KeyPath is null ? "no" : "yes");
        Add("PreferredAuthentications", "publickey");
        Add("ForwardAgent", "no");
        Add("StrictHostKeyChecking", "yes");
        Add("HostKeyAlias", HostKeyAlias);
        Add("UserKnownHostsFile", QuotePath(knownHostsPath));

        // OpenSSH for Windows knows this name, too.
        Add("GlobalKnownHostsFile", "/dev/null");

        // Otherwise, ssh adds keys to known_hosts that nobody has verified.
        Add("UpdateHostKeys", "no");
        Add("CheckHostIP", "no");
        Add("ServerAliveInterval", KeepAliveSeconds.ToString(CultureInfo.InvariantCulture));
        if (proxyCommand is not null)
        {
            Add("ProxyCommand", proxyCommand);
        }

        return text.ToString();

        void Add(string name, string value) => text.Append("    ").Append(name).Append(' ').Append(value).Append('\n');
    }

    /// <summary>Returns the command that connects through another host of the same configuration file.</summary>
    public static string ProxyCommand(string program, string configPath, string alias) => Platform.IsWindows
        ? Escape($"\"{program}\" -F \"{configPath}\" -W ") + "[%h]:%p " + alias
        : Escape($"{ShellText.Quote(program)} -F {ShellText.Quote(configPath)} -W ") + "'[%h]:%p' " + alias;

    /// <summary>
    /// Quotes a path. ssh takes no backslash literally in every version, and Windows accepts slashes. What stands after a percent sign
    /// would be a token.
    /// </summary>
    private static string QuotePath(string path) => Quote(Platform.IsWindows ? path.Replace('\\', '/') : path);

    private static string Quote(string text) => $"\"{Escape(text)}\"";

    private static string Escape(string text) => text.Replace("%", "%%");

    /// <summary>
    /// Throws if a value could end its line or its quotes: the names come from the tags of an instance, or from the user.
    /// </summary>
    /// <exception cref="SpotTrainerException"><c>SshValueInvalid</c>.</exception>
    internal void Require(TrainingHost host)
    {
        foreach (var (what, value) in new[] { ("host name", HostName), ("user name", UserName) })
        {
            if (value.Length == 0 || value[0] == '-' || !value.All(letter => letter is > ' ' and < '\x7f' and not ('"' or '\'' or '$' or '`' or '#')))
            {
                throw Invalid(what, value, "Use letters, digits, dots, -, and _.", host);
            }
        }

        if (KeyPath is { } path
            && (!TerminalText.IsPlain(path) || path.Contains('"') || path.Contains("${") || (!Platform.IsWindows && path.Contains('\\'))))
        {
            throw Invalid("path of the key", path, "Copy the key to another path, and use Connect-TrainingHost -KeyPath.", host);
        }
    }

    private static SpotTrainerException Invalid(string what, string value, string nextStep, TrainingHost host) => new(
        "SshValueInvalid", ErrorKind.InvalidArgument, $"The configuration of ssh cannot hold the {what} '{value}' of {host}.", nextStep,
        host);

    private static void RequireReadable(TrainingHost host)
    {
        if (host.KeyPath is { } path && File.Exists(path) && IsPutty(path))
        {
            throw new SpotTrainerException("KeyIsPutty", ErrorKind.InvalidData,
                $"The private key {path} of {host} is in PuTTY's format, which ssh cannot read.",
                $"Convert it: ConvertFrom-PuttyKey {PowerShellText.Quote(path)}. Then use Connect-TrainingHost -KeyPath with the new file.",
                path);
        }
    }

    private static bool IsPutty(string path)
    {
        using var reader = new StreamReader(path);
        var start = new char[PuttyKeyFormat.FirstWord.Length];
        return reader.ReadBlock(start, 0, start.Length) == start.Length
            && new string(start).Equals(PuttyKeyFormat.FirstWord, StringComparison.Ordinal);
    }
}
