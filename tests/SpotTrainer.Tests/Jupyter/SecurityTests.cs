using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using SpotTrainer.Foundation;
using SpotTrainer.Jupyter;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Jupyter;

/// <summary>The configuration on a host: real servers load it, openssl judges the certificate, and nothing shows a secret.</summary>
[Trait("Speed", "Slow")]
public sealed class SecurityTests
{
    private const string Password = "correct horse \"battery\"";

    /// <summary>Loads the configuration as a server does, and prints what it has understood; on standard error, what it has not.</summary>
    private const string Load = """
        import json, sys
        if sys.argv[1] == "notebook":
            from notebook.notebookapp import NotebookApp as App
        else:
            from jupyter_server.serverapp import ServerApp as App
        app = App()
        app.load_config_file(suppress_errors=False)
        traits = ("ip", "port", "port_retries", "open_browser", "certfile", "keyfile", "password", "token", "password_required",
                  "allow_password_change", "allow_origin", "disable_check_xsrf", "quit_button")
        print(json.dumps({trait: getattr(app, trait) for trait in traits}))
        """;

    private static readonly string[] Traits =
        ["ip", "port", "port_retries", "open_browser", "password_required", "allow_password_change", "allow_origin", "disable_check_xsrf", "quit_button"];

    private static readonly string[] Curve = ["-pkeyopt", "ec_paramgen_curve:P-256"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("notebook", "jupyter_notebook_config.json")]
    [InlineData("server", "jupyter_server_config.json")]
    public async Task Real_servers_load_the_configuration(string server, string file)
    {
        await DebianPackages.EnsureAsync("python3-notebook", "python3-jupyter-server");
        using var home = await JupyterHome.StartAsync("notebook-6.4.12.egg-info", "jupyter_server-1.23.3.egg-info");
        home.Write("spottrainer/jupyter/" + file, """{"NotebookApp": {"quit_button": false}, "ServerApp": {"quit_button": false, "password": "old"}, "Else": {"x": [1]}}""");
        var security = await home.SecureAsync(Password, request => request with { Port = 8899 });

        var start = Programs.Describe("/usr/bin/python3", "-c", Load, server);
        start.Environment["JUPYTER_CONFIG_DIR"] = home.Jupyter;
        start.Environment["HOME"] = home.Path;
        var result = await Programs.RunAsync(start);
        Assert.Equal("", result.Error);
        var loaded = JsonNode.Parse(result.Succeeded())!;
        Assert.Equal("""["127.0.0.1",8899,0,false,true,false,"",false,false]""", new JsonArray(
            [.. Traits.Select(name => loaded[name]!.DeepClone())]).ToJsonString());
        Assert.True(JupyterPassword.Verify((string)loaded["password"]!, JupyterHome.Secure(Password)));
        Assert.Equal(security.Token, (string)loaded["token"]!);
        Assert.True(OpenSettings.Bits(security.Token) >= OpenSettings.FewestBits);
        Assert.Equal((home.Jupyter + "/certificate.pem", home.Jupyter + "/key.pem"), ((string)loaded["certfile"]!, (string)loaded["keyfile"]!));

        // The user's own settings stay, an older password does not, and the older file is kept.
        Assert.Equal("[1]", JsonNode.Parse(home.Read(file))!["Else"]!["x"]!.ToJsonString());
        Assert.DoesNotContain("\"old\"", home.Read(file), StringComparison.Ordinal);
        Assert.Contains("\"old\"", home.Read(file + ".old"), StringComparison.Ordinal);
    }

    /// <summary>Sources: jupyter_server.auth.identity and jupyter_server.serverapp of version 2.</summary>
    [Theory]
    [InlineData("notebook-7.4.0.dist-info jupyter_server-2.15.0.dist-info", "", "ServerApp.allow_unauthenticated_access IdentityProvider.token PasswordIdentityProvider.hashed_password")]
    [InlineData("jupyter_server-2.15.0.dist-info jupyterlab-4.0.11.dist-info notebook-6.4.13.egg-info", "NotebookApp.password NotebookApp.token", "IdentityProvider.token PasswordIdentityProvider.hashed_password")]
    [InlineData("jupyter_server-1.23.3.dist-info jupyterlab-3.6.0.dist-info", "", "ServerApp.password ServerApp.token")]
    [InlineData("notebook-5.5.0.dist-info", "NotebookApp.password NotebookApp.token", "")]
    public async Task Each_version_gets_the_names_that_it_reads(string packages, string classic, string server)
    {
        using var home = await JupyterHome.StartAsync(packages.Split(' '));

        // A stack that had other versions before: what they read does not hold any more.
        home.Write("spottrainer/jupyter/jupyter_notebook_config.json", """{"NotebookApp": {"password": "sha1:stale:1"}}""");
        home.Write("spottrainer/jupyter/jupyter_server_config.json", """{"PasswordIdentityProvider": {"hashed_password": "sha1:stale:2"}}""");
        await home.SecureAsync(Password);
        foreach (var (name, expected) in new[] { (JupyterConfiguration.Classic, classic), (JupyterConfiguration.Server, server) })
        {
            Assert.Equal(expected.Length > 0, File.Exists(Path.Combine(home.Jupyter, name)));
            var text = expected.Length > 0 ? home.Read(name) : "{}";
            Assert.DoesNotContain("stale", text, StringComparison.Ordinal);
            var written = JsonNode.Parse(text)!.AsObject().SelectMany(section => section.Value!.AsObject().Select(
                setting => (Name: $"{section.Key}.{setting.Key}", setting.Value))).ToDictionary(one => one.Name, one => one.Value);
            Assert.Superset(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal), written.Keys.ToHashSet(StringComparer.Ordinal));
            Assert.DoesNotContain(written.Keys, key => key is "ServerApp.token" or "ServerApp.password" && server.Contains("IdentityProvider", StringComparison.Ordinal));
            foreach (var hash in written.Where(one => one.Key.EndsWith("password", StringComparison.Ordinal)).Select(one => (string)one.Value!))
            {
                Assert.StartsWith(packages.Contains("5.5.0", StringComparison.Ordinal) ? "sha512:" : "argon2:", hash, StringComparison.Ordinal);
                Assert.True(JupyterPassword.Verify(hash, JupyterHome.Secure(Password)));
            }
        }
    }

    [Fact]
    public async Task The_same_password_again_changes_nothing_and_another_one_changes_all()
    {
        using var home = await JupyterHome.StartAsync("jupyter_server-2.15.0.dist-info");
        var first = await home.SecureAsync(Password);
        var before = State();
        var second = await home.SecureAsync(Password);
        Assert.Equal(before, State());
        Assert.Equal((first.Token, first.CertificateFingerprint), (second.Token, second.CertificateFingerprint));
        await home.SecureAsync(Password, request => request with { Port = 9000 });
        Assert.NotEqual(before, State());
        Assert.Equal(first.Token, (await home.SecureAsync(Password)).Token);
        var rsa = await home.SecureAsync(Password, request => request with { KeyAlgorithm = JupyterKeyAlgorithm.Rsa });
        var shorter = await home.SecureAsync(Password, request => request with { CertificateDays = 3 });
        Assert.Equal(3, new[] { first, rsa, shorter }.DistinctBy(one => one.CertificateFingerprint).Count());
        var other = await home.SecureAsync(Password + "!");
        Assert.NotEqual(first.Token, other.Token);
        Assert.NotEqual(first.CertificateFingerprint, other.CertificateFingerprint);

        string State() => string.Join('\n', Directory.GetFiles(home.Jupyter).Order(StringComparer.Ordinal)
            .Select(path => $"{path} {File.GetLastWriteTimeUtc(path).Ticks} {new FileInfo(path).Length}"));
    }

    [Fact]
    public async Task Nobody_else_can_read_the_files()
    {
        using var home = await JupyterHome.StartAsync("notebook-6.4.12.dist-info");
        home.Write("spottrainer/jupyter/jupyter_notebook_config.json", "{}");
        File.SetUnixFileMode(home.Jupyter, (UnixFileMode)0b111_111_111);
        await home.SecureAsync(Password);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(home.Jupyter));
        var files = Directory.GetFiles(home.Jupyter).Where(path => !path.EndsWith(".old", StringComparison.Ordinal)).ToArray();
        Assert.Equal(5, files.Length);
        Assert.All(files, path => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path)));
    }

    /// <summary>The process list is read all the time, also while the stack is looked at and the files are written.</summary>
    [Fact]
    public async Task No_process_message_or_saved_request_has_a_secret()
    {
        using var home = await JupyterHome.StartAsync("notebook-6.4.12.dist-info", "jupyter_server-2.15.0.dist-info");
        var seen = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var watch = Task.Run(
            () =>
            {
                while (!over.IsCancellationRequested)
                {
                    Programs.With("").ToList().ForEach(line => seen[line] = true);
                }
            }, Stop);
        var request = SecurityRequest.Create("~/spottrainer/conda", JupyterHome.Secure(Password));
        var security = await home.SecureAsync(request);
        await home.SecureAsync(request);
        home.Write(".jupyter/jupyter_server_config.py", $"c.ServerApp.token = '{security.Token[..20]}'");
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => home.SecureAsync(request));
        Assert.Equal("JupyterOpen", error.Id);
        await over.CancelAsync();
        await watch;

        // The watch has seen the scripts at work.
        Assert.Contains(seen.Keys, line => line.Contains("sh -s", StringComparison.Ordinal));
        string[] secrets = [Password, request.PasswordHash, security.Token[..20], .. Encoded(request.PasswordHash)];
        string[] shown = [.. seen.Keys, .. home.Log.Lines, error.ToString(), error.NextStep, security.ToString()!];
        Assert.All(secrets, secret => Assert.DoesNotContain(shown, line => line.Contains(secret, StringComparison.Ordinal)));
        Assert.DoesNotContain(Password, SavedRequest.ToText(request), StringComparison.Ordinal);

        static IEnumerable<string> Encoded(string text) => Enumerable.Range(0, 3).Select(
            skip => Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(text[skip..]))[..40]);
    }

    [Theory]
    [InlineData(JupyterKeyAlgorithm.Ecdsa, "prime256v1")]
    [InlineData(JupyterKeyAlgorithm.Rsa, "(3072 bit)")]
    public async Task OpenSSL_accepts_the_certificate_by_each_of_its_names(JupyterKeyAlgorithm algorithm, string key)
    {
        using var home = await JupyterHome.StartAsync("notebook-6.4.12.dist-info");
        var security = await home.SecureAsync(Password, request => request with { KeyAlgorithm = algorithm, CertificateDays = 30 });
        var file = Path.Combine(home.Jupyter, "certificate.pem");
        foreach (var name in new[] { "-verify_hostname=localhost", "-verify_ip=127.0.0.1", "-verify_ip=::1", "-verify_hostname=" + Dns() })
        {
            (await Programs.RunAsync(["openssl", "verify", "-CAfile", file, .. name.Split('=', 2), file])).Succeeded();
        }

        Assert.NotEqual(0, (await Programs.RunAsync("openssl", "verify", "-CAfile", file, "-verify_hostname", "example.org", file)).Status);
        Assert.Contains(key, (await Programs.RunAsync("openssl", "x509", "-noout", "-text", "-in", file)).Succeeded(), StringComparison.Ordinal);
        Assert.Contains(security.CertificateFingerprint, (await Programs.RunAsync(
            "openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", file)).Succeeded(), StringComparison.Ordinal);
        (await Programs.RunAsync("openssl", "x509", "-noout", "-checkend", (29 * 86400).ToString(CultureInfo.InvariantCulture), "-in", file)).Succeeded();
        Assert.Equal(1, (await Programs.RunAsync("openssl", "x509", "-noout", "-checkend", (31 * 86400).ToString(CultureInfo.InvariantCulture), "-in", file)).Status);

        static string Dns() => System.Net.Dns.GetHostName();
    }

    [Theory]
    [InlineData("ec", "")]
    [InlineData("ec-sec1", "")]
    [InlineData("rsa", "")]
    [InlineData("rsa-short", "CertificateWeak")]
    [InlineData("other-key", "CertificateMismatch")]
    [InlineData("past", "CertificateExpired")]
    [InlineData("encrypted", "CertificateKeyInvalid")]
    [InlineData("html", "CertificateInvalid")]
    [InlineData("key-html", "CertificateKeyInvalid")]
    public async Task A_certificate_of_the_user_is_checked_before_it_is_used(string kind, string id)
    {
        using var folder = new TemporaryFolder();
        await MakeAsync(folder, kind);
        using var home = await JupyterHome.StartAsync("notebook-6.4.12.dist-info");
        var work = home.SecureAsync(Password, request => request with { CertificateFile = folder["c.pem"], KeyFile = folder["k.pem"] });
        if (id.Length == 0)
        {
            Assert.Equal(await File.ReadAllTextAsync(folder["c.pem"], Stop), (await work).CertificatePem);
            Assert.Equal(home.Read("certificate.pem"), await File.ReadAllTextAsync(folder["c.pem"], Stop));
            (await Programs.RunAsync("openssl", "pkey", "-noout", "-check", "-in", Path.Combine(home.Jupyter, "key.pem"))).Succeeded();
        }
        else
        {
            var error = await Assert.ThrowsAsync<SpotTrainerException>(() => work);
            Assert.Equal(id, error.Id);
            Assert.False(Directory.Exists(home.Jupyter));
        }
    }

    private static async Task MakeAsync(TemporaryFolder folder, string kind)
    {
        var algorithm = kind switch { "rsa" => "rsa:2048", "rsa-short" => "rsa:1024", _ => "ec" };
        await RunAsync(
            ["req", "-x509", "-newkey", algorithm, .. algorithm == "ec" ? Curve : [], "-nodes", "-days", "9",
                "-subj", "/CN=made for tests", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder["k.pem"], "-out", folder["c.pem"]]);
        switch (kind)
        {
            case "ec-sec1":
                await RunAsync("ec", "-in", folder["k.pem"], "-out", folder["k1.pem"]);
                await RunAsync("ecparam", "-name", "prime256v1", "-out", folder["p.pem"]);
                folder.Write("k.pem", await File.ReadAllTextAsync(folder["p.pem"], Stop) + await File.ReadAllTextAsync(folder["k1.pem"], Stop));
                break;
            case "other-key":
                await RunAsync("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder["k.pem"]);
                break;
            case "past":
                // x509 -days takes no negative number, but a request can be signed for the past.
                await RunAsync("req", "-new", "-key", folder["k.pem"], "-subj", "/CN=made for tests", "-out", folder["r.pem"]);
                await RunAsync("ca", "-batch", "-selfsign", "-keyfile", folder["k.pem"], "-in", folder["r.pem"], "-out", folder["c.pem"], "-notext",
                    "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-config", Authority(folder));
                break;
            case "encrypted":
                await RunAsync("pkey", "-in", folder["k.pem"], "-aes256", "-passout", "pass:made for tests", "-out", folder["e.pem"]);
                File.Move(folder["e.pem"], folder["k.pem"], overwrite: true);
                break;
            case "html":
                folder.Write("c.pem", "<!DOCTYPE html><html><body>Please sign in</body></html>");
                break;
            case "key-html":
                folder.Write("k.pem", "<!DOCTYPE html><html><body>Please sign in</body></html>");
                break;
        }

        static async Task RunAsync(params string[] arguments) => (await Programs.RunAsync(["openssl", .. arguments])).Succeeded();
    }

    private static string Authority(TemporaryFolder folder)
    {
        folder.Write("index", "");
        folder.Write("serial", "01\n");
        return folder.Write("ca.cnf", $"""
            [ca]
            default_ca = c
            [c]
            database = {folder["index"]}
            serial = {folder["serial"]}
            new_certs_dir = {folder.Path}
            default_md = sha256
            policy = p
            [p]
            commonName = supplied
            """);
    }
}
