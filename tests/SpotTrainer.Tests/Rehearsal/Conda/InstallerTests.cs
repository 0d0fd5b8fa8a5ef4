using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SpotTrainer.Rehearsal.Conda;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Conda;

/// <summary>
/// The rehearsal's stand-ins for conda's installers: the flags, messages, and exit codes of constructor's header and of conda, and packages
/// that this Python has or lacks.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class InstallerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public InstallerTests() => Write("Miniforge3-26.7.2-0-Linux-x86_64.sh");

    private string Prefix => _folder["conda"];

    private string Conda => Path.Combine(Prefix, "bin/conda");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_installer_accepts_the_flags_of_the_real_one()
    {
        Assert.Equal(1, (await InstallAsync("-p", Prefix)).Status);
        Assert.False(Directory.Exists(Prefix));
        var help = await InstallAsync("-h");
        Assert.Equal(2, help.Status);
        Assert.Contains("no error if install prefix already exists", help.Output, StringComparison.Ordinal);
        Assert.Equal(
            [
                $"PREFIX={Prefix}", "This is the rehearsal's stand-in for Miniforge3. It has only the packages of this machine's own Python.",
                "Unpacking bootstrapper...", "Unpacking payload...", "Installing base environment...",
                "Preparing transaction: ...working... done", "Executing transaction: ...working... done", "installation finished.",
            ],
            (await InstallAsync("-b", "-p", Prefix)).Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.False(Directory.Exists(Path.Combine(Prefix, "install_tmp")));
        var again = await InstallAsync("-b", "-p", Prefix);
        Assert.Equal(1, again.Status);
        Assert.Contains("already exists", again.Error, StringComparison.Ordinal);
        (await InstallAsync("-b", "-u", "-p", Prefix)).Succeeded();
        (await InstallAsync("-b", "-f", "-p", Prefix)).Succeeded();
        var unknown = await InstallAsync("-b", "-z");
        Assert.Equal(1, unknown.Status);
        Assert.Contains("did not recognize option '?', please try -h", unknown.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await InstallAsync("-b", "-p", _folder["with space"])).Status);
        Assert.Equal("conda 26.7.2\n", (await RunAsync(Conda, "--version")).Succeeded());
        Assert.Equal(
            Prefix, (await RunAsync(Path.Combine(Prefix, "bin/python"), "-c", "import sys; print(sys.prefix)")).Succeeded().Trim());
    }

    [Theory]
    [InlineData("miniconda.Q3xy7Z")]
    [InlineData("installer.sh.part")]
    [InlineData("installer")]
    public async Task Like_the_real_one_it_refuses_a_name_that_does_not_end_in_sh(string name)
    {
        File.Copy(_folder["installer.sh"], _folder[name]);
        var result = await RunAsync("bash", _folder[name], "-b", "-p", Prefix);
        Assert.Equal(1, result.Status);
        Assert.Contains("Please run using", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Prefix));
    }

    [Fact]
    public async Task A_package_that_this_Python_lacks_is_not_found_and_nothing_changes()
    {
        (await InstallAsync("-b", "-p", Prefix)).Succeeded();
        var before = Files();
        var result = await RunAsync(Conda, "install", "-y", "numpy", "no-such-package-anywhere");
        Assert.Equal(1, result.Status);
        Assert.Contains("PackagesNotFoundError", result.Error, StringComparison.Ordinal);
        Assert.Contains("- no-such-package-anywhere", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("- numpy", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, Files());
    }

    [Fact]
    public async Task A_package_that_this_Python_has_is_installed_with_its_commands()
    {
        (await InstallAsync("-b", "-p", Prefix)).Succeeded();
        (await RunAsync(Conda, "install", "-y", "-q", "-p", Prefix, "--override-channels", "-c", "conda-forge", "notebook", "scikit-learn"))
            .Succeeded();
        Assert.Matches(@"^\d+\.\d+", (await RunAsync(Path.Combine(Prefix, "bin/jupyter"), "notebook", "--version")).Succeeded());
        Assert.Matches("(?m)^scikit-learn ", (await RunAsync(Conda, "list")).Succeeded());
        Assert.Contains("already installed", (await RunAsync(Conda, "install", "-y", "notebook")).Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_is_read_as_conda_reads_it()
    {
        (await InstallAsync("-b", "-p", Prefix)).Succeeded();
        var version = (await RunAsync("/usr/bin/python3", "-c", "import numpy; print(numpy.__version__)")).Succeeded().Trim();
        var parts = version.Split('.');
        var minor = $"{parts[0]}.{parts[1]}";

        // For 1.24, the specs 1.24, 1.24.* and >=1.2,<2 match. =1.2, which means 1.2.0 and other 1.2.x versions, and =2 do not.
        foreach (var good in new[] { $"numpy={minor}", $"numpy={minor}.*", $"numpy=={version}", $"numpy>={minor},<{parts[0]}.999",
            $"conda-forge::numpy={parts[0]}", $"numpy<0.1|>={minor}" })
        {
            var result = await RunAsync(Conda, "install", "-y", "-d", good);
            Assert.True(result.Status == 0, $"{good}: {result.Error}");
        }

        string[] digits = parts[1].Length > 1 ? [$"numpy={minor[..^1]}"] : [];
        foreach (var bad in digits.Concat([$"numpy!={version}", $"numpy>{version}", $"numpy=={parts[0]}.999",
            $"numpy<{minor}", $"numpy={parts[0]}9"]))
        {
            var result = await RunAsync(Conda, "install", "-y", "-d", bad);
            Assert.True(
                result.Status == 1 && result.Error.Contains("PackagesNotFoundError", StringComparison.Ordinal), $"{bad}: {result.Error}");
        }
    }

    /// <summary>Like the real one: that is why the module looks itself.</summary>
    [Fact]
    public async Task A_torn_installer_warns_and_goes_on()
    {
        var whole = await File.ReadAllTextAsync(_folder["installer.sh"], TestContext.Current.CancellationToken);
        _folder.Write("installer.sh", whole + "# more\n");
        var result = await InstallAsync("-b", "-p", Prefix);
        Assert.Contains("WARNING: md5sum mismatch of tar archive\nexpected: ", result.Error, StringComparison.Ordinal);
        result.Succeeded();
    }

    [Fact]
    public void Each_version_has_its_file_and_its_hash()
    {
        const string path = "/conda/Anaconda3-5.2.0-Linux-x86_64.sh";
        var installer = StandInInstaller.Find(path)!;
        Assert.Equal(
            $"{Convert.ToHexStringLower(SHA256.HashData(installer))}  ./Anaconda3-5.2.0-Linux-x86_64.sh\n",
            Encoding.ASCII.GetString(StandInInstaller.Find(path + ".sha256")!));
        Assert.StartsWith("#!/bin/sh\n#\n# NAME:  Anaconda3\n# VER:   5.2.0\n# PLAT:  linux-64\n# MD5:   ", Encoding.UTF8.GetString(installer), StringComparison.Ordinal);
        foreach (var no in new[] { "/", "/conda/", "/conda/Miniforge3-1-Linux-riscv64.sh", "/conda/../x.sh", "/conda/Miniforge3-$(id)-Linux-x86_64.sh" })
        {
            Assert.Null(StandInInstaller.Find(no));
        }
    }

    [Fact]
    public async Task Only_what_is_installed_can_be_imported()
    {
        await DebianPackages.EnsureAsync("python3-numpy", "python3-pandas");
        (await InstallAsync("-b", "-p", Prefix)).Succeeded();
        var python = Path.Combine(Prefix, "bin/python");
        foreach (var module in new[] { "numpy", "apt", "yaml", "pandas" })
        {
            Assert.Contains($"No module named '{module}'", (await RunAsync(python, "-c", $"import {module}")).Error, StringComparison.Ordinal);
        }

        // What a package needs comes with it.
        (await RunAsync(Conda, "install", "-y", "pandas")).Succeeded();
        (await RunAsync(python, "-c", "import pandas, numpy, dateutil, pytz; pandas.DataFrame({'a': [1]}).describe()")).Succeeded();
        Assert.NotEqual(0, (await RunAsync(python, "-c", "import apt")).Status);

        (await RunAsync(Conda, "remove", "-y", "pandas")).Succeeded();
        Assert.NotEqual(0, (await RunAsync(python, "-c", "import pandas")).Status);
        var again = await RunAsync(Conda, "remove", "-y", "pandas");
        Assert.Equal(1, again.Status);
        Assert.Contains("PackagesNotFoundError", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_has_the_fields_of_conda()
    {
        (await InstallAsync("-b", "-p", Prefix)).Succeeded();
        var failed = await RunAsync(Conda, "install", "--json", "-y", "numpy>=99", "nope", "lightgbm=*=cuda*");
        Assert.Equal(1, failed.Status);
        var error = JsonDocument.Parse(failed.Output).RootElement;
        Assert.False(error.TryGetProperty("success", out _));
        Assert.Equal("PackagesNotFoundError", error.GetProperty("exception_name").GetString());
        Assert.Equal("<class 'conda.exceptions.PackagesNotFoundError'>", error.GetProperty("exception_type").GetString());
        Assert.Equal(
            ["numpy[version='>=99']", "nope", "lightgbm[build=cuda*]"], error.GetProperty("packages").EnumerateArray().Select(one => one.GetString()));
        Assert.True(error.TryGetProperty("caused_by", out _) && error.TryGetProperty("packages_formatted", out _));

        var words = (await RunAsync(Conda, "install", "--json", "-y", "numpy")).Succeeded().Split('\0');
        Assert.All(words[..^1], word => Assert.Equal(1, JsonDocument.Parse(word).RootElement.GetProperty("maxval").GetInt32()));
        var answer = JsonDocument.Parse(words[^1]).RootElement;
        Assert.True(answer.GetProperty("success").GetBoolean());
        Assert.Contains(answer.GetProperty("actions").GetProperty("LINK").EnumerateArray(), one => one.GetProperty("name").GetString() == "numpy");
        Assert.Equal(2, (await RunAsync(Conda, "install", "--no-such-flag")).Status);
    }

    [Fact]
    public async Task An_explicit_list_makes_the_same_again_and_an_environment_yml_is_read()
    {
        await DebianPackages.EnsureAsync("python3-yaml");
        (await InstallAsync("-b", "-p", Prefix)).Succeeded();
        (await RunAsync(Conda, "install", "-y", "numpy")).Succeeded();
        var list = (await RunAsync(Conda, "list", "--explicit", "--md5")).Succeeded();
        _folder.Write("list.txt", list);
        (await RunAsync(Conda, "create", "-y", "-n", "again", "--file", _folder["list.txt"])).Succeeded();
        Assert.Equal(list, (await RunAsync(Conda, "list", "-n", "again", "--explicit", "--md5")).Succeeded());
        _folder.Write("list.txt", list.Replace("/numpy-", "/nope-", StringComparison.Ordinal));
        Assert.Contains("CondaHTTPError", (await RunAsync(Conda, "create", "-y", "-n", "third", "--file", _folder["list.txt"])).Error, StringComparison.Ordinal);

        _folder.Write("environment.yml", "name: fourth\nchannels: [conda-forge]\ndependencies: [numpy]\n");
        (await RunAsync(Conda, "env", "create", "-y", "-f", _folder["environment.yml"])).Succeeded();
        (await RunAsync(Path.Combine(Prefix, "envs/fourth/bin/python"), "-c", "import numpy")).Succeeded();
        _folder.Write("environment.yml", "dependencies: [");
        Assert.Contains("EnvironmentFileInvalid", (await RunAsync(Conda, "env", "create", "-f", _folder["environment.yml"])).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transaction_that_is_ended_is_taken_back()
    {
        await DebianPackages.EnsureAsync("python3-pandas");
        (await InstallAsync("-b", "-p", Prefix)).Succeeded();
        var before = Directory.EnumerateFileSystemEntries(Prefix, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();

        // It ends itself when it makes its first link.
        var conda = Path.Combine(Prefix, "bin/conda");
        var text = await File.ReadAllTextAsync(conda, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(conda, text.Replace(
            "            os.symlink(", "            os.kill(os.getpid(), signal.SIGTERM) if len(made) > 1 else None\n            os.symlink(", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        var result = await RunAsync(Conda, "install", "-y", "pandas");
        Assert.Equal(1, result.Status);
        Assert.Contains("Rolling back transaction: ...working... done", result.Output, StringComparison.Ordinal);
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(Prefix, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Channels_with_terms_are_refused_until_they_are_accepted()
    {
        Write("Miniconda3-py312_24.9.2-0-Linux-x86_64.sh");
        (await InstallAsync("-b", "-p", Prefix)).Succeeded();
        var result = await RunAsync(Conda, "install", "-y", "numpy");
        Assert.Contains("CondaToSNonInteractiveError: Terms of Service have not been accepted", result.Error, StringComparison.Ordinal);
        (await RunAsync(Conda, "install", "-y", "--override-channels", "-c", "conda-forge", "numpy")).Succeeded();
        foreach (var line in result.Error.Split('\n').Where(line => line.StartsWith("    conda tos", StringComparison.Ordinal)))
        {
            (await RunAsync([Conda, .. line.Trim().Split(' ').Skip(1)])).Succeeded();
        }

        (await RunAsync(Conda, "install", "-y", "numpy")).Succeeded();
    }

    private void Write(string name) => File.WriteAllBytes(_folder["installer.sh"], StandInInstaller.Find("/conda/" + name)!);

    private string[] Files() => [.. Directory.EnumerateFileSystemEntries(Prefix, "*", SearchOption.AllDirectories)
        .Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O}").Order(StringComparer.Ordinal)];

    private Task<Programs.Result> InstallAsync(params string[] flags) => RunAsync(["bash", _folder["installer.sh"], .. flags]);

    private Task<Programs.Result> RunAsync(params string[] command)
    {
        ProcessStartInfo start = Programs.Describe(command);
        start.Environment["HOME"] = _folder.Path;
        start.Environment.Remove("CONDA_PREFIX");
        start.Environment.Remove("PYTHONPATH");

        // Otherwise Python would write bytecode into the prefix.
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        return Programs.RunAsync(start);
    }
}
