using SpotTrainer.Conda;
using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Conda;

/// <summary>What is refused before anything is sent, and what conda is asked for.</summary>
public sealed class CondaSpecsTests
{
    [Theory]
    [InlineData("pandas")]
    [InlineData("pandas=2.2")]
    [InlineData("pandas==2.2.3")]
    [InlineData("pandas>=2.1,<3")]
    [InlineData("pandas >=2.1|=1.5.*")]
    [InlineData("conda-forge::pandas")]
    [InlineData("conda-forge/linux-64::pandas=2.2=py312_0")]
    [InlineData("lightgbm=*=cuda*")]
    [InlineData("lightgbm[build=cuda*]")]
    [InlineData("_libgcc_mutex")]
    [InlineData("ruamel.yaml")]
    public void Specifications_of_conda_are_accepted(string spec) => CondaSpecs.Require(new CondaRequest { Packages = [spec] });

    [Theory]
    [InlineData("--help")]
    [InlineData("--dry-run")]
    [InlineData("-y")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("pandas; id")]
    [InlineData("pandas $(id)")]
    [InlineData("pandas`id`")]
    [InlineData("pandas|sh -c id;")]
    [InlineData("pandas\n--help")]
    [InlineData("pandas\n")]
    [InlineData("'pandas'")]
    [InlineData("pandas numpy")]
    [InlineData("https://example.com/x.conda")]
    [InlineData("../x.conda")]
    [InlineData("pandas==")]
    [InlineData("pandas>=")]
    [InlineData("pandas>=1 --json")]
    public void What_is_no_package_is_refused(string spec) =>
        Assert.Equal("PackageNameInvalid", IdOf(new CondaRequest { Packages = [spec] }));

    [Theory]
    [InlineData("timm", true)]
    [InlineData("timm==1.0.9", true)]
    [InlineData("timm[extra,more]>=1,<2", true)]
    [InlineData("timm ; python_version < '3.12'", true)]
    [InlineData("timm==1.0 --hash=sha256:abc", true)]
    [InlineData("timm @ https://example.com/timm-1.0-py3-none-any.whl", true)]
    [InlineData("-r other.txt", false)]
    [InlineData("--index-url https://example.com", false)]
    [InlineData("./local", false)]
    [InlineData("/etc/passwd", false)]
    [InlineData("timm\n-r x", false)]
    [InlineData("git+https://example.com/x", false)]
    [InlineData("", false)]
    public void Pip_gets_names_and_no_options(string line, bool isGood)
    {
        var request = new CondaRequest { PipPackages = [line] };
        if (isGood)
        {
            CondaSpecs.Require(request);
            Assert.Equal("timm", CondaSpecs.NameOfPip(line));
            Assert.Contains("pip", CondaSpecs.Of(request));
        }
        else
        {
            Assert.Equal("PackageNameInvalid", IdOf(request));
        }
    }

    [Theory]
    [InlineData("~/spottrainer/conda", true)]
    [InlineData("~/a/b.c_d-e+f", true)]
    [InlineData("/opt/conda", true)]
    [InlineData("~", false)]
    [InlineData("~/", false)]
    [InlineData("/", false)]
    [InlineData("", false)]
    [InlineData("~root/x", false)]
    [InlineData("$HOME/x", false)]
    [InlineData("relative", false)]
    [InlineData("-x", false)]
    [InlineData("/opt/-x", false)]
    [InlineData("~/my stack", false)]
    [InlineData("~/it's", false)]
    [InlineData("~/a/../b", false)]
    [InlineData("~/./b", false)]
    [InlineData("~//b", false)]
    [InlineData(@"C:\conda", false)]
    [InlineData("~/a\nb", false)]
    [InlineData("~/ü", false)]
    [InlineData("~/spottrainer/data", false)]
    [InlineData("~/spottrainer/jobs/x", false)]
    [InlineData("~/spottrainer/control", false)]
    public void A_stack_has_a_folder_of_its_own(string prefix, bool isGood)
    {
        var request = new CondaRequest { Prefix = prefix };
        if (isGood)
        {
            CondaSpecs.Require(request);
        }
        else
        {
            Assert.Equal("PrefixInvalid", IdOf(request));
        }
    }

    [Theory]
    [InlineData("3.12", null)]
    [InlineData("3", null)]
    [InlineData("=3.12.*", null)]
    [InlineData(">=3.11,<3.13", null)]
    [InlineData("2.7", "PythonVersionInvalid")]
    [InlineData("3.12; id", "PythonVersionInvalid")]
    [InlineData("--help", "PythonVersionInvalid")]
    public void Python_has_a_version(string version, string? id)
    {
        var request = new CondaRequest { Python = version };
        if (id is null)
        {
            CondaSpecs.Require(request);
            Assert.Matches(@"^python(=3|>=3)", CondaSpecs.Of(request)[0]);
        }
        else
        {
            Assert.Equal(id, IdOf(request));
        }
    }

    [Theory]
    [InlineData("base", "StackNameInvalid")]
    [InlineData("../x", "StackNameInvalid")]
    [InlineData("-n", "StackNameInvalid")]
    [InlineData("a b", "StackNameInvalid")]
    public void A_name_is_a_name(string name, string id) => Assert.Equal(id, IdOf(new CondaRequest { Name = name }));

    [Theory]
    [InlineData("-c")]
    [InlineData("a b")]
    [InlineData("$(id)")]
    public void A_channel_is_a_name_or_an_address(string channel) =>
        Assert.Equal("ChannelInvalid", IdOf(new CondaRequest { Channels = ["conda-forge", "https://conda.example/a_b", channel] }));

    [Fact]
    public void Jobs_find_what_they_need_and_gpu_builds_are_asked_for_by_name()
    {
        var request = new CondaRequest { Packages = ["lightgbm", "ipykernel=6", "pandas"], Gpu = true, Python = "3.12" };
        Assert.Equal(["python=3.12", "lightgbm=*=cuda*", "ipykernel=6", "pandas", "nbclient"], CondaSpecs.Of(request));
        Assert.Empty(CondaSpecs.Of(request with { Lock = "x" }));
    }

    [Fact]
    public void Whatever_changes_what_is_installed_changes_the_wishes()
    {
        var request = new CondaRequest { Packages = ["pandas"] };
        CondaRequest[] others =
        [
            request with { Packages = ["pandas", "numpy"] }, request with { PipPackages = ["timm"] }, request with { Channels = ["other"] },
            request with { Python = "3.12" }, request with { Lock = "x" },
            request with { Variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["A"] = "1" } },
        ];
        Assert.Equal(others.Length + 1, others.Append(request).Select(one => one.Wishes()).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(request.Wishes(), (request with { Force = true, Timeout = TimeSpan.FromSeconds(1), Mirror = "https://x" }).Wishes());
    }

    private static string IdOf(CondaRequest request) => Assert.Throws<SpotTrainerException>(() => CondaSpecs.Require(request)).Id;
}
