using System.Security.Cryptography;
using System.Text;
using SpotTrainer.Conda;
using SpotTrainer.Foundation;
using SpotTrainer.Rehearsal.Conda;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Conda;

/// <summary>
/// Stacks on a host, which is OpenSSH's sshd. The installers come from the publishers' addresses, where a server of the test stands, and are
/// the rehearsal's stand-ins.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class CondaInstallerTests : IAsyncLifetime
{
    /// <summary>A version whose hash the module does not know, so that it is fetched.</summary>
    private const string Version = "99.1.0-0";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder folder = new();
    private readonly RecordingLog log = new();
    private WebServer web = null!;
    private SshServer server = null!;
    private TrainingHost host = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static CondaRequest Request { get; } = new() { Version = Version, Packages = ["numpy"], IsDefault = true, Channels = ["conda-forge"] };

    private string Prefix => folder["home/spottrainer/conda"];

    public async ValueTask InitializeAsync()
    {
        await DebianPackages.EnsureAsync("python3-numpy", "python3-ipykernel", "python3-nbclient", "python3-venv");
        Directory.CreateDirectory(folder["home"]);
        web = new WebServer(folder, "github.com", "repo.anaconda.com", "mirror.example") { Answer = Serve };
        server = await SshServer.StartAsync(
            folder, "-t ed25519", SshServer.Authorize(folder), more: $"{web.Environment} HOME={folder["home"]} PATH=/usr/bin:/bin");
        host = new TrainingHost("127.0.0.1", server.Port, Environment.UserName, folder["login"], [server.Fingerprint]);
    }

    public ValueTask DisposeAsync()
    {
        log.Context.Session.Dispose();
        server.Dispose();
        web.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_stack_has_what_was_asked_for_and_nothing_else()
    {
        var stack = await InstallAsync(Request);
        Assert.Equal(["numpy", "nbclient", "ipykernel"], stack.Packages.Select(package => package.Name));
        Assert.Equal(Prefix, stack.Prefix);
        Assert.Equal("99.1.0", stack.CondaVersion);
        Assert.Equal(
            ["download", "verify", "unpack", "solve", "link", "check"],
            stack.Phases.Keys.OrderBy(name => Array.IndexOf(["download", "verify", "unpack", "solve", "link", "check"], name)));
        Assert.Contains("progress: solving", log.Lines);
        Assert.Equal("[]", (await RunAsync("python", "-c", "import sys, numpy; print([name for name in ('pandas', 'yaml', 'apt') if name in sys.modules])")).Succeeded().Trim());
        Assert.Contains("No module named 'apt'", (await RunAsync("python", "-c", "import apt")).Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFiles(folder["home/spottrainer"]), path => path.EndsWith(".sh", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_same_again_changes_nothing_and_more_is_added()
    {
        var first = await InstallAsync(Request);
        var requests = web.Requests.Count;
        var history = await File.ReadAllTextAsync($"{Prefix}/conda-meta/history", Stop);

        var again = await InstallAsync(Request with { Version = null });
        Assert.Equal(first.Lock, again.Lock);
        Assert.Equal(first.Packages.Select(package => package.ToString()), again.Packages.Select(package => package.ToString()));
        Assert.Empty(again.Phases);
        Assert.Equal(history, await File.ReadAllTextAsync($"{Prefix}/conda-meta/history", Stop));

        await DebianPackages.EnsureAsync("python3-joblib");
        var more = await InstallAsync(Request with { Packages = ["joblib"] });
        Assert.Equal("joblib", more.Packages[0].Name);
        Assert.Contains(more.AllPackages, package => package.Name == "numpy");
        Assert.Equal(requests, web.Requests.Count);
    }

    [Fact]
    public async Task What_a_user_changed_by_hand_is_looked_at_again()
    {
        await InstallAsync(Request);
        (await RunAsync("conda", "remove", "-y", "numpy")).Succeeded();
        var stack = await InstallAsync(Request);
        Assert.NotEmpty(stack.Phases);
        (await RunAsync("python", "-c", "import numpy")).Succeeded();
    }

    [Fact]
    public async Task A_login_shell_and_each_command_find_the_stack()
    {
        await File.WriteAllTextAsync(folder["home/.bash_login"], "export OWN=1\n", Stop);
        await InstallAsync(Request with { Variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["TOKENIZERS"] = "it's $HOME" } });
        await InstallAsync(Request);
        Directory.CreateDirectory($"{Prefix}/etc/conda/activate.d");
        await File.WriteAllTextAsync($"{Prefix}/etc/conda/activate.d/x.sh", "declare -a list=(a b)\nexport FROM_PACKAGE=${list[1]}\n", Stop);
        var wanted = $"{Prefix}/bin/python\n{Prefix}\nit's $HOME\nb\n";
        const string ask = "command -v python; printenv CONDA_PREFIX TOKENIZERS FROM_PACKAGE";

        // A login shell of each kind, and a command.
        foreach (var shell in new[] { "bash -l -c", "dash -l -c" })
        {
            if (shell.StartsWith("dash", StringComparison.Ordinal))
            {
                File.Move(folder["home/.bash_login"], folder["home/.profile"]);
            }

            var start = Programs.Describe([.. shell.Split(' '), ask]);
            start.Environment.Clear();
            start.Environment["HOME"] = folder["home"];
            start.Environment["PATH"] = "/usr/bin:/bin";
            Assert.Equal(wanted, (await Programs.RunAsync(start)).Succeeded());
        }

        var connection = await SshConnectionPool.GetAsync(host, log.Context, Stop);
        Assert.Equal(wanted, (await connection.RunAsync(new RemoteCommand(ask) { InStack = true }, Stop)).Output);
        Assert.NotEqual(wanted, (await connection.RunAsync(ask, Stop)).Output);

        // The line stands there once.
        Assert.Single(
            await File.ReadAllLinesAsync(folder["home/.profile"], Stop), line => line.Contains("env.sh", StringComparison.Ordinal));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["home/.config/spottrainer/env.sh"]));
    }

    [Fact]
    public async Task An_environment_of_its_own_stands_beside_the_base()
    {
        await InstallAsync(Request);
        var named = await InstallAsync(Request with { Name = "other", IsDefault = false, Packages = [] });
        Assert.Equal($"{Prefix}/envs/other", named.Prefix);
        Assert.DoesNotContain(named.AllPackages, package => package.Name == "numpy");
        Assert.Contains($"{Prefix}/.spottrainer", await File.ReadAllTextAsync(folder["home/.config/spottrainer/env.sh"], Stop), StringComparison.Ordinal);
        var connection = await SshConnectionPool.GetAsync(host, log.Context, Stop);
        Assert.Equal(
            $"{Prefix}/envs/other\nother\n",
            (await connection.RunAsync($"{StackEnvironment.Activate(named.Prefix)}; printenv CONDA_PREFIX CONDA_DEFAULT_ENV", Stop)).Output);
        Assert.Empty((await InstallAsync(Request with { Name = "other", IsDefault = false, Packages = [] })).Phases);
    }

    [Fact]
    public async Task A_lock_makes_the_same_stack_again()
    {
        var stack = await InstallAsync(Request);
        var again = await InstallAsync(Request with { Packages = [], Lock = stack.Lock, Name = "again", IsDefault = false });
        Assert.Equal(
            stack.AllPackages.Where(package => package.Name is not "conda").Select(package => package.ToString()),
            again.AllPackages.Where(package => package.Name is not "conda").Select(package => package.ToString()));
        var explicitly = (await RunAsync("conda", "list", "-p", Prefix, "--explicit", "--md5")).Succeeded();
        Assert.Equal(
            explicitly.Split('\n').Where(line => line.StartsWith("http", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            stack.Lock.Split('\n').Where(line => line.StartsWith("http", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        var other = await ErrorAsync(Request with { Lock = stack.Lock.Replace("linux-64\n", "linux-aarch64\n", StringComparison.Ordinal) });
        Assert.Equal("LockForOtherPlatform", other.Id);
    }

    /// <summary>What arrives is not what it should be: nothing of it runs, and nothing is left.</summary>
    [Theory]
    [InlineData("torn", "InstallerInvalid", "torn")]
    [InlineData("page", "InstallerInvalid", "is a page")]
    [InlineData("empty", "InstallerInvalid", "is a page")]
    [InlineData("other", "InstallerHashMismatch", "has the SHA-256")]
    [InlineData("absent", "InstallerNotFound", "HTTP 404")]
    [InlineData("forbidden", "InstallerRefused", "HTTP 403")]
    [InlineData("sum is a page", "InstallerInvalid", "is a page")]
    [InlineData("silent", "InstallerSlow", "came to a halt")]
    [InlineData("huge", "InstallerInvalid", "4 GiB")]
    public async Task What_is_no_installer_never_runs(string fault, string id, string said)
    {
        web.Answer = request => Fault(request, fault);
        var error = await ErrorAsync(Request with { Stall = TimeSpan.FromSeconds(2) });
        Assert.Equal(id, error.Id);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Contains("github.com/conda-forge/miniforge/releases/download/99.1.0-0/", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Prefix));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(folder["home/spottrainer"]), path => !path.EndsWith(".lock", StringComparison.Ordinal));
        if (fault == "absent")
        {
            Assert.Single(web.Requests, request => request.Path.EndsWith(".sh", StringComparison.Ordinal));
        }

        web.Answer = Serve;
        await InstallAsync(Request);
    }

    [Fact]
    public async Task A_hash_that_the_module_knows_is_not_asked_for()
    {
        var error = await ErrorAsync(Request with { Version = "25.3.0-3" });
        Assert.Equal("InstallerHashMismatch", error.Id);
        Assert.Contains("1b57f8cb991982063f79b56176881093abb1dc76d73fda32102afde60585b5a1", error.Message, StringComparison.Ordinal);
        Assert.Single(web.Requests);

        // A distribution that publishes no hash, and an architecture that it does not have.
        Assert.Equal("InstallerUnknown", (await ErrorAsync(Request with { Distribution = "Anaconda3" })).Id);
        Assert.Single(web.Requests);
    }

    [Fact]
    public async Task A_mirror_has_the_files_themselves_and_says_nothing_of_their_hashes()
    {
        var installer = StandInInstaller.Find("/conda/Miniconda3-py312_24.9.2-0-Linux-x86_64.sh")!;
        web.Answer = request => request.Host == "mirror.example" && request.Path == "/a/Miniconda3-py312_24.9.2-0-Linux-x86_64.sh"
            ? new WebAnswer { Body = installer } : new WebAnswer { Status = 404 };
        var request = Request with { Distribution = "Miniconda3", Version = "py312_24.9.2-0", Mirror = "https://mirror.example/a/" };
        Assert.Equal("InstallerHashMismatch", (await ErrorAsync(request)).Id);
        var stack = await InstallAsync(request with { Sha256 = Convert.ToHexString(SHA256.HashData(installer)) });
        Assert.Equal("24.9.2", stack.CondaVersion);

        // The base is there now. Whoever asks for another one must say so.
        Assert.Equal("StackDiffers", (await ErrorAsync(Request with { Distribution = "Miniforge3" })).Id);
        web.Answer = Serve;
        var built = await InstallAsync(Request with { Distribution = "Miniforge3", Force = true });
        Assert.Equal("99.1.0", built.CondaVersion);
        Assert.Contains(log.Lines, line => line.Contains("because of -Force", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_folder_of_somebody_else_is_left_as_it_is()
    {
        Directory.CreateDirectory(Prefix);
        await File.WriteAllTextAsync($"{Prefix}/mine", "precious", Stop);
        foreach (var force in new[] { false, true })
        {
            Assert.Equal("StackFolderForeign", (await ErrorAsync(Request with { Force = force })).Id);
        }

        Assert.Equal("precious", await File.ReadAllTextAsync($"{Prefix}/mine", Stop));
        Assert.Single(Directory.EnumerateFileSystemEntries(Prefix));
    }

    /// <summary>Ctrl+C at any moment: the next call makes a whole stack of whatever is there.</summary>
    [Fact]
    public async Task A_call_that_is_cut_off_does_no_harm_to_the_next_one()
    {
        var random = new Random(13);
        var rounds = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 100 : 8;
        var (cut, ruins) = (0, 0);
        for (var round = 0; round < rounds; round++)
        {
            var request = round % 3 == 2 ? Request with { Name = "other", IsDefault = false } : Request;
            if (round % 3 == 0 && Directory.Exists(folder["home/spottrainer"]))
            {
                Directory.Delete(folder["home/spottrainer"], recursive: true);
            }

            // The work begins when the host is heard, and takes seconds.
            using var ctrlC = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            var lines = random.Next(1, 14);
            log.Told = line =>
            {
                if (line.StartsWith("progress:", StringComparison.Ordinal) || line.StartsWith("verbose:", StringComparison.Ordinal))
                {
                    if (--lines == 0)
                    {
                        ctrlC.CancelAfter(random.Next(0, 300));
                    }
                }
            };
            try
            {
                await CondaInstaller.EnsureAsync(host, request, log.Until(ctrlC.Token), ctrlC.Token).WaitAsync(Limit, Stop);
            }
            catch (OperationCanceledException)
            {
                cut++;
            }

            log.Told = null;
            log.Lines.Clear();
            await InstallAsync(request);
            ruins += log.Lines.Any(line => line.Contains("cut off", StringComparison.Ordinal)) ? 1 : 0;
            var python = round % 3 == 2 ? $"{Prefix}/envs/other/bin/python" : $"{Prefix}/bin/python";
            (await Programs.RunAsync(python, "-c", "import numpy, ipykernel, nbclient")).Succeeded();
            Assert.Empty((await InstallAsync(request)).Phases);
        }

        TestContext.Current.SendDiagnosticMessage($"{cut} of {rounds} calls were cut off, and left {ruins} ruins.");
        Assert.InRange(cut, rounds / 4, rounds);
    }

    /// <summary>Conda 25.11 to 26.5 deletes its record when it takes back what it did, and half of a package can be in its cache.</summary>
    [Fact]
    public async Task A_stack_whose_record_conda_has_lost_is_not_deleted()
    {
        await InstallAsync(Request);
        Directory.CreateDirectory($"{Prefix}/envs/mine/conda-meta");
        File.Delete($"{Prefix}/conda-meta/history");
        await File.WriteAllTextAsync($"{Prefix}/.spottrainer/base.state", "changing", Stop);
        var stack = await InstallAsync(Request);
        Assert.Equal("numpy", stack.Packages[0].Name);
        Assert.True(Directory.Exists($"{Prefix}/envs/mine"));
        Assert.NotEqual(0, new FileInfo($"{Prefix}/conda-meta/history").Length);

        // A stack that is broken and has something of the user's own is not deleted, either.
        await File.WriteAllTextAsync($"{Prefix}/.spottrainer/base.state", "changing", Stop);
        File.Delete($"{Prefix}/bin/python");
        Assert.Equal("StackBroken", (await ErrorAsync(Request)).Id);
        Assert.True(Directory.Exists($"{Prefix}/envs/mine"));
        await InstallAsync(Request with { Force = true });
        Assert.False(Directory.Exists($"{Prefix}/envs/mine"));
    }

    [Fact]
    public async Task Of_two_calls_at_once_the_second_waits()
    {
        var other = new RecordingLog();
        using var begun = new SemaphoreSlim(0);
        var hold = new TaskCompletionSource();
        web.Answer = request =>
        {
            begun.Release();
            return Serve(request) with { Then = _ => hold.Task };
        };
        var first = CondaInstaller.EnsureAsync(host, Request, log.Context, Stop);
        Assert.True(await begun.WaitAsync(Limit, Stop));
        var second = CondaInstaller.EnsureAsync(host, Request, other.Context, Stop);
        await Programs.UntilAsync(
            () => Task.FromResult(other.Lines.Any(line => line.Contains("this one waits", StringComparison.Ordinal))), () => "It did not wait.");
        hold.SetResult();
        Assert.NotEmpty((await first.WaitAsync(Limit, Stop)).Phases);
        Assert.Empty((await second.WaitAsync(Limit, Stop)).Phases);
        other.Context.Session.Dispose();
    }

    [Fact]
    public async Task What_python_cannot_import_is_named()
    {
        await InstallAsync(Request);
        await File.WriteAllTextAsync(folder["broken.py"], "raise OSError('libGL.so.1: cannot open shared object file')\n", Stop);
        var numpy = $"{Prefix}/lib/{Path.GetFileName(Directory.EnumerateDirectories($"{Prefix}/lib", "python3*").Single())}/site-packages/numpy";
        File.Delete(numpy);
        Directory.CreateDirectory(numpy);
        File.Copy(folder["broken.py"], $"{numpy}/__init__.py");
        var error = await ErrorAsync(Request with { Packages = ["numpy", "nbformat"] });
        Assert.Equal("PackageImportFailed", error.Id);
        Assert.Contains("numpy (OSError: libGL.so.1: cannot open shared object file)", error.Message, StringComparison.Ordinal);
        Assert.IsType<CondaStack>(error.Result);
    }

    [Theory]
    [InlineData("no-such-package", "PackagesNotFound", "cannot find these packages: no-such-package.")]
    [InlineData("numpy>=99", "PackagesNotFound", "no such version of these packages: numpy >=99.")]
    public async Task What_conda_refuses_changes_nothing(string package, string id, string said)
    {
        await InstallAsync(Request);
        var error = await ErrorAsync(Request with { Packages = [package] });
        Assert.Equal(id, error.Id);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Empty((await InstallAsync(Request)).Phases.Keys.Except(["solve", "link", "check"], StringComparer.Ordinal));
    }

    [Fact]
    public async Task Terms_are_accepted_only_when_the_user_says_so()
    {
        var request = Request with { Channels = ["defaults"] };
        var error = await ErrorAsync(request);
        Assert.Equal("AnacondaTermsNotAccepted", error.Id);
        Assert.Contains("https://www.anaconda.com/legal", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["home/.conda/tos"]));
        await InstallAsync(request with { AcceptsTerms = true });
        Assert.Equal(2, Directory.EnumerateDirectories(folder["home/.conda/tos"]).Count());
    }

    private static WebAnswer Serve(WebRequest request) =>
        StandInInstaller.Find("/conda/" + request.Path.Split('/')[^1]) is { } body ? new WebAnswer { Body = body } : new WebAnswer { Status = 404 };

    private static WebAnswer Fault(WebRequest request, string fault)
    {
        var (body, isSum) = (Serve(request).Body, request.Path.EndsWith(".sha256", StringComparison.Ordinal));
        return fault switch
        {
            "sum is a page" when isSum => WebAnswer.Page("<html>Sign in</html>"),
            _ when isSum || fault == "sum is a page" => new WebAnswer { Body = body },
            "torn" => new WebAnswer { Body = body[..^2000] },
            "page" => WebAnswer.Page("<!DOCTYPE html><html>Sign in</html>"),
            "empty" => new WebAnswer(),
            "other" => new WebAnswer { Body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace("BATCH=0", "BATCH=1", StringComparison.Ordinal)) },
            "forbidden" => new WebAnswer { Status = 403 },
            "silent" => new WebAnswer { Body = body, HidesLength = true, Then = stop => Task.Delay(Timeout.Infinite, stop) },
            "huge" => new WebAnswer { Body = body, HidesLength = true, Headers = ["Content-Length: 5000000000"] },
            _ => new WebAnswer { Status = 404 },
        };
    }

    private async Task<CondaStack> InstallAsync(CondaRequest request) =>
        await CondaInstaller.EnsureAsync(host, request, log.Context, Stop).WaitAsync(Limit, Stop);

    private Task<SpotTrainerException> ErrorAsync(CondaRequest request) => Assert.ThrowsAsync<SpotTrainerException>(() => InstallAsync(request));

    private Task<Programs.Result> RunAsync(string program, params string[] arguments)
    {
        var start = Programs.Describe([$"{Prefix}/bin/{program}", .. arguments]);
        start.Environment["HOME"] = folder["home"];
        return Programs.RunAsync(start);
    }
}
