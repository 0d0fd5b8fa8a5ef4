using System.Diagnostics;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Conda;

/// <summary>The rehearsal's stand-in for Miniconda: the real installer's flags, and packages that this Python has or lacks.</summary>
[Trait("Speed", "Slow")]
public sealed class InstallerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public InstallerTests()
    {
        using var stream = typeof(MarketTable).Assembly.GetManifestResourceStream("installer.sh")!;
        using var reader = new StreamReader(stream);
        _folder.Write("installer.sh", reader.ReadToEnd());
    }

    private string Prefix => _folder["conda"];

    private string Conda => Path.Combine(Prefix, "bin/conda");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_installer_accepts_the_flags_of_the_real_one()
    {
        Assert.Equal(1, (await InstallAsync("-p", Prefix)).Status);
        Assert.False(Directory.Exists(Prefix));
        (await InstallAsync("-b", "-p", Prefix)).Succeeded();
        var again = await InstallAsync("-b", "-p", Prefix);
        Assert.Equal(1, again.Status);
        Assert.Contains("already exists", again.Error, StringComparison.Ordinal);
        (await InstallAsync("-b", "-u", "-p", Prefix)).Succeeded();
        (await InstallAsync("-b", "-f", "-p", Prefix)).Succeeded();
        Assert.Equal(1, (await InstallAsync("-b", "-z")).Status);
        Assert.Equal(1, (await InstallAsync("-b", "-p", _folder["with space"])).Status);
        Assert.StartsWith("conda ", (await RunAsync(Conda, "--version")).Succeeded(), StringComparison.Ordinal);
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
