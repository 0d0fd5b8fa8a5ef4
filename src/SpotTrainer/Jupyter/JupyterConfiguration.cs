using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SpotTrainer.Jupyter;

/// <summary>
/// Writes Jupyter's configuration files with the names that each version reads, into what a file has already. Sources: the traits of
/// notebook.notebookapp, jupyter_server.serverapp, and jupyter_server.auth.identity.
/// </summary>
internal static class JupyterConfiguration
{
    /// <summary>The file of Notebook before version 7, which is a server of its own.</summary>
    public const string Classic = "jupyter_notebook_config.json";

    /// <summary>The file of Jupyter Server, on which JupyterLab and Notebook 7 stand.</summary>
    public const string Server = "jupyter_server_config.json";

    /// <summary>The classes whose password and token the module sets. An older value under another name must not hold.</summary>
    private static readonly string[] Classes = ["NotebookApp", "ServerApp", "IdentityProvider", "PasswordIdentityProvider"];

    private static readonly string[] Secrets = ["password", "hashed_password", "token"];

    /// <summary>A hash keeps its plus signs, so that a shell can find it in the file.</summary>
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };

    /// <summary>The files.</summary>
    public static IReadOnlyList<string> Names { get; } = [Classic, Server];

    /// <summary>Returns the files that the stack's servers read, and their text.</summary>
    public static IReadOnlyList<(string Name, string Text)> Write(JupyterSetup setup, string hash, string token, int port)
    {
        var versions = setup.Versions;
        var files = new List<(string, string)>();
        if (versions.HasClassic)
        {
            files.Add((Classic, Merge(setup.Own(Classic), ("NotebookApp", [.. Common(setup, port), .. Password(hash, token)]))));
        }

        if (versions.HasIdentityProvider)
        {
            files.Add((Server, Merge(
                setup.Own(Server), ("ServerApp", [.. Common(setup, port), ("allow_unauthenticated_access", false)]),
                ("IdentityProvider", [("token", token)]),
                ("PasswordIdentityProvider", [("hashed_password", hash), ("password_required", true), ("allow_password_change", false)]))));
        }
        else if (versions.Server is not null)
        {
            files.Add((Server, Merge(setup.Own(Server), ("ServerApp", [.. Common(setup, port), .. Password(hash, token)]))));
        }

        return files;
    }

    private static (string Name, JsonNode Value)[] Common(JupyterSetup setup, int port) =>
    [
        ("ip", "127.0.0.1"), ("port", port), ("port_retries", 0), ("open_browser", false),
        ("certfile", setup.Folder + "/certificate.pem"), ("keyfile", setup.Folder + "/key.pem"),
        ("allow_origin", string.Empty), ("disable_check_xsrf", false),
    ];

    private static (string Name, JsonNode Value)[] Password(string hash, string token) =>
        [("password", hash), ("token", token), ("password_required", true), ("allow_password_change", false)];

    private static string Merge(JupyterFile? existing, params (string Class, (string Name, JsonNode Value)[] Settings)[] ours)
    {
        // That it is an object of objects has been checked.
        var root = existing is null ? [] : JsonNode.Parse(existing.Text)!.AsObject();
        foreach (var name in Classes)
        {
            // What is set anyway keeps its place, so that nothing changes where all is right.
            var set = ours.Where(one => one.Class == name).SelectMany(one => one.Settings).Select(setting => setting.Name);
            foreach (var secret in Secrets.Except(set, StringComparer.Ordinal))
            {
                (root[name] as JsonObject)?.Remove(secret);
            }
        }

        foreach (var (name, settings) in ours)
        {
            if (root[name] is not JsonObject section)
            {
                root[name] = section = [];
            }

            foreach (var (trait, value) in settings)
            {
                section[trait] = value;
            }
        }

        return root.ToJsonString(Plain) + "\n";
    }
}
