using System.IO.Compression;
using System.Text;
using System.Text.Json.Serialization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace SpotTrainer.Rehearsal.Machines;

/// <summary>User data, read as cloud-init reads it, in the form that the machine's <c>init.py</c> applies.</summary>
internal sealed class BootPlan
{
    /// <summary>Keys whose effect a rehearsal machine has anyway or cannot have. Other unknown keys are reported on the console.</summary>
    private static readonly string[] WithoutEffect =
        ["ssh_deletekeys", "ssh_genkeytypes", "ssh_pwauth", "disable_root", "preserve_hostname", "output", "final_message"];

    private static readonly string[] Packages =
        ["packages", "package_update", "package_upgrade", "package_reboot_if_required", "apt"];

    private BootPlan(IEnumerable<string> publicKeys) => AuthorizedKeys.AddRange(publicKeys);

    /// <summary>Console messages about everything that is not applied.</summary>
    [JsonPropertyName("messages")]
    public List<string> Messages { get; } = [];

    /// <summary>The shell script that runs before everything else, at every boot.</summary>
    [JsonPropertyName("bootcmd")]
    public string BootCommands { get; private set; } = "";

    /// <summary>The files to write.</summary>
    [JsonPropertyName("write_files")]
    public List<FileToWrite> Files { get; } = [];

    /// <summary>The text of the machine's host keys, by name, such as <c>ed25519_private</c>.</summary>
    [JsonPropertyName("ssh_keys")]
    public Dictionary<string, string> HostKeys { get; } = new(StringComparer.Ordinal);

    /// <summary>The public keys that are allowed to log in.</summary>
    [JsonPropertyName("authorized_keys")]
    public List<string> AuthorizedKeys { get; } = [];

    /// <summary>Complete scripts, in base64.</summary>
    [JsonPropertyName("scripts")]
    public List<string> Scripts { get; } = [];

    /// <summary>The shell script that runs last.</summary>
    [JsonPropertyName("runcmd")]
    public string RunCommands { get; private set; } = "";

    /// <summary>Reads user data. Anything unreadable becomes a message, because a real machine would boot anyway.</summary>
    public static BootPlan Read(string userData, IEnumerable<string> publicKeys)
    {
        var plan = new BootPlan(publicKeys);
        if (userData.StartsWith("#!", StringComparison.Ordinal))
        {
            plan.Scripts.Add(Convert.ToBase64String(Encoding.UTF8.GetBytes(userData)));
        }
        else if (userData.StartsWith("#cloud-config", StringComparison.Ordinal))
        {
            plan.ReadCloudConfig(userData);
        }
        else if (!string.IsNullOrWhiteSpace(userData))
        {
            plan.Messages.Add("Unhandled user data: the rehearsal supports only user data that starts with #! or #cloud-config.");
        }

        return plan;
    }

    private void ReadCloudConfig(string text)
    {
        YamlMappingNode root;
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count == 0)
            {
                return;
            }

            if (stream.Documents[0].RootNode is not YamlMappingNode mapping)
            {
                Messages.Add("Failed loading yaml blob. Yaml load allows only a mapping at its root.");
                return;
            }

            root = mapping;
        }
        catch (YamlException error)
        {
            Messages.Add(
                $"Failed loading yaml blob. Invalid format at line {error.Start.Line} column {error.Start.Column}: {error.Message}");
            return;
        }

        foreach (var (keyNode, value) in root.Children)
        {
            var key = Text(keyNode);
            try
            {
                ReadKey(key, value);
            }
            catch (Exception error) when (error is FormatException or InvalidDataException)
            {
                Messages.Add($"cloud-config: {key}: {error.Message}");
            }
        }
    }

    private void ReadKey(string key, YamlNode value)
    {
        switch (key)
        {
            case "bootcmd":
                BootCommands = Script(value);
                break;
            case "runcmd":
                RunCommands = Script(value);
                break;
            case "write_files":
                foreach (var node in Items(value))
                {
                    Files.Add(FileToWrite.Read(Mapping(node)));
                }

                break;
            case "ssh_keys":
                foreach (var (name, content) in Mapping(value).Children)
                {
                    HostKeys[Text(name)] = Text(content);
                }

                break;
            case "ssh_authorized_keys":
                AuthorizedKeys.AddRange(Items(value).Select(Text));
                break;
            default:
                if (Packages.Contains(key, StringComparer.Ordinal))
                {
                    Messages.Add($"cloud-config: {key}: not applied. A rehearsal machine has this computer's programs.");
                }
                else if (!WithoutEffect.Contains(key, StringComparer.Ordinal))
                {
                    Messages.Add($"cloud-config: {key}: ignored. The rehearsal does not support it.");
                }

                break;
        }
    }

    /// <summary>Joins the commands into one shell script as cloud-init does: strings as they are, lists as quoted words.</summary>
    private static string Script(YamlNode value)
    {
        var script = new StringBuilder("#!/bin/sh\n");
        foreach (var item in Items(value))
        {
            script.Append(item is YamlSequenceNode words
                ? string.Join(' ', words.Select(word => $"'{Text(word).Replace("'", "'\\''", StringComparison.Ordinal)}'"))
                : Text(item)).Append('\n');
        }

        return script.ToString();
    }

    private static IEnumerable<YamlNode> Items(YamlNode node) =>
        node as YamlSequenceNode ?? throw new FormatException("a list is expected");

    private static YamlMappingNode Mapping(YamlNode node) =>
        node as YamlMappingNode ?? throw new FormatException("a mapping is expected");

    private static string Text(YamlNode node) =>
        (node as YamlScalarNode ?? throw new FormatException("a string is expected")).Value ?? "";

    /// <summary>An entry of <c>write_files</c>.</summary>
    internal sealed record FileToWrite(
        [property: JsonPropertyName("path")] string Path,
        [property: JsonPropertyName("content")] string Base64,
        [property: JsonPropertyName("permissions")] string Permissions,
        [property: JsonPropertyName("append")] bool Append)
    {
        public static FileToWrite Read(YamlMappingNode node)
        {
            string Get(string name, string otherwise) => node.Children.TryGetValue(
                new YamlScalarNode(name), out var value) ? Text(value) : otherwise;
            var path = Get("path", "");
            if (!path.StartsWith('/'))
            {
                throw new FormatException("a path that starts with / is expected");
            }

            var content = Encoding.UTF8.GetBytes(Get("content", ""));
            foreach (var step in Get("encoding", "text/plain").ToLowerInvariant().Split('+').AsEnumerable().Reverse())
            {
                content = step switch
                {
                    "b64" or "base64" => Convert.FromBase64String(Encoding.ASCII.GetString(content)),
                    "gz" or "gzip" => Unzip(content),
                    "text/plain" => content,
                    _ => throw new FormatException($"the encoding {step} is not supported"),
                };
            }

            var permissions = Get("permissions", "0644");
            if (permissions.Length is 0 or > 6 || permissions.Any(digit => digit is not (>= '0' and <= '7') and not 'o'))
            {
                throw new FormatException($"{permissions} are not valid permissions");
            }

            return new FileToWrite(
                path, Convert.ToBase64String(content), permissions, Get("append", "false").ToLowerInvariant() is "true" or "yes" or "on");
        }

        private static byte[] Unzip(byte[] content)
        {
            using var unzipped = new MemoryStream();
            using (var gzip = new GZipStream(new MemoryStream(content), CompressionMode.Decompress))
            {
                gzip.CopyTo(unzipped);
            }

            return unzipped.ToArray();
        }
    }
}
