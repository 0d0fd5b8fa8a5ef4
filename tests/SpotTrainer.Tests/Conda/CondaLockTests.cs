using SpotTrainer.Conda;
using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Conda;

/// <summary>Lock files, of this module and of conda.</summary>
public sealed class CondaLockTests
{
    private const string Package = "https://conda.anaconda.org/conda-forge/linux-64/pandas-2.2.3-py312hf9745cd_1.conda#8bce4f6caaf8c5448c7ac86d87e26b4b";

    [Fact]
    public void The_list_of_conda_itself_is_read()
    {
        var (platform, packages, pip) = CondaLock.Read(
            $"# This file may be used to create an environment using:\r\n# $ conda create --name <env> --file <this file>\r\n# platform: linux-64\r\n@EXPLICIT\r\n{Package}\r\n",
            "lock.txt");
        Assert.Equal(("linux-64", "@EXPLICIT\n" + Package), (platform, packages));
        Assert.Empty(pip);
    }

    [Fact]
    public void What_pip_has_installed_stands_in_comments()
    {
        var (_, packages, pip) = CondaLock.Read($"# platform: linux-64\n# pip: timm==1.0.9\n@EXPLICIT\n{Package}\nhttp://x/y.tar.bz2\n", "lock.txt");
        Assert.Equal(["timm==1.0.9"], pip);
        Assert.Equal(3, packages.Split('\n').Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# platform: linux-64\n@EXPLICIT\n")]
    [InlineData("# platform: linux-64\n" + Package)]
    [InlineData("@EXPLICIT\n" + Package)]
    [InlineData("# platform: linux-64\n@EXPLICIT\n--help\n")]
    [InlineData("# platform: linux-64\n@EXPLICIT\npandas=2.2\n")]
    [InlineData("# platform: linux-64\n@EXPLICIT\nfile:///etc/x.conda\n")]
    [InlineData("# platform: linux-64\n@EXPLICIT\n" + Package + " --json\n")]
    public void What_is_no_lock_is_refused(string text)
    {
        var error = Assert.Throws<SpotTrainerException>(() => CondaLock.Read(text, "lock.txt"));
        Assert.Equal("LockInvalid", error.Id);
        Assert.Contains("lock.txt", error.Message, StringComparison.Ordinal);
    }
}
