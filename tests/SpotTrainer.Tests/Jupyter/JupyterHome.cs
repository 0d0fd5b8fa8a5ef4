using System.Security;
using SpotTrainer.Jupyter;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Jupyter;

/// <summary>A host whose user has a home of their own, and a Python stack there that has only the names of its packages.</summary>
internal sealed class JupyterHome : IDisposable
{
    private readonly TemporaryFolder folder;
    private readonly SshServer server;

    private JupyterHome(TemporaryFolder folder, SshServer server)
    {
        (this.folder, this.server) = (folder, server);
        Host = new TrainingHost("127.0.0.1", server.Port, Environment.UserName, folder["key"], [server.Fingerprint]);
    }

    public TrainingHost Host { get; }

    public RecordingLog Log { get; } = new();

    public string Path => folder["home"];

    /// <summary>The folder of the module's own configuration.</summary>
    public string Jupyter => System.IO.Path.Combine(Path, "spottrainer", "jupyter");

    public static SecureString Secure(string text)
    {
        var secure = new SecureString();
        text.ToList().ForEach(secure.AppendChar);
        return secure;
    }

    /// <summary>Starts the host.</summary>
    /// <param name="packages">The packages of the stack, such as <c>notebook-6.4.12.dist-info</c>.</param>
    public static async Task<JupyterHome> StartAsync(params string[] packages)
    {
        var files = new TemporaryFolder();
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "made-for-tests", "-f", files["key"])).Succeeded();
        Directory.CreateDirectory(files["home"]);
        Directory.CreateDirectory(files["bin"]);
        foreach (var package in packages)
        {
            Directory.CreateDirectory(System.IO.Path.Combine(files["home"], "spottrainer/conda/lib/python3.12/site-packages", package));
        }

        // The connection ends where a file is about to get a certain name.
        var move = files.Write("bin/mv", $"""
            #!/bin/sh
            for name do :; done
            if [ -s '{files["moment"]}' ] && [ "$(cat '{files["moment"]}')" = "$(basename "$name")" ]; then
                kill -9 $(ps -o ppid= -p $PPID) $PPID
                exit 1
            fi
            exec /bin/mv "$@"
            """);
        File.SetUnixFileMode(move, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var shell = files.Write("shell", $"""
            export HOME='{files["home"]}' PATH='{files["bin"]}':$PATH
            cd
            exec sh -c "$SSH_ORIGINAL_COMMAND"
            """);
        return new JupyterHome(files, await SshServer.StartAsync(files, "-t ed25519", files["key.pub"], command: $"exec sh {shell}"));
    }

    /// <summary>Ends connections where a file of the configuration is about to get its name; null for never.</summary>
    public void CutAt(string? name)
    {
        if (name is null)
        {
            File.Delete(folder["moment"]);
        }
        else
        {
            folder.Write("moment", name);
        }
    }

    /// <summary>Writes a file of the user's own.</summary>
    public void Write(string path, string text)
    {
        var full = System.IO.Path.Combine(Path, path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    public string Read(string name) => File.ReadAllText(System.IO.Path.Combine(Jupyter, name));

    public Task<JupyterSecurity> SecureAsync(string password, Func<SecurityRequest, SecurityRequest>? change = null) => SecureAsync(
        (change ?? (same => same))(SecurityRequest.Create(MachineLayout.CondaPrefix, Secure(password))));

    public Task<JupyterSecurity> SecureAsync(SecurityRequest request) =>
        JupyterConfigurator.EnsureAsync(Host, request, Log.Context, TestContext.Current.CancellationToken);

    public void Dispose()
    {
        Log.Context.Session.Dispose();
        server.Dispose();
        folder.Dispose();
    }
}
