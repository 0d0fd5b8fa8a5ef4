using SpotTrainer.Jupyter;

namespace SpotTrainer.Tests.Jupyter;

/// <summary>Which Jupyter a stack has is read from the names of its packages.</summary>
public sealed class JupyterVersionsTests
{
    [Theory]
    [InlineData("notebook-5.5.0-py36_0.json", "Notebook 5.5.0", JupyterHashAlgorithm.Sha512, true, false)]
    [InlineData("notebook-6.0.3.dist-info", "Notebook 6.0.3", JupyterHashAlgorithm.Sha512, true, false)]
    [InlineData("notebook-6.1-py38.json", "Notebook 6.1.0", JupyterHashAlgorithm.Argon2, true, false)]
    [InlineData("notebook-6.4.12.egg-info jupyter_server-1.23.3.egg-info", "Notebook 6.4.12, Jupyter Server 1.23.3", JupyterHashAlgorithm.Argon2, true, false)]
    [InlineData("notebook-6.4.13.egg-info jupyter_server-2.15.0.dist-info jupyterlab-4.0.11.dist-info",
        "Notebook 6.4.13, Jupyter Server 2.15.0, JupyterLab 4.0.11", JupyterHashAlgorithm.Argon2, true, true)]
    [InlineData("notebook-7.4.0rc1-pyhd8ed1ab_0.json jupyter_server-2.20.0-pyhd8ed1ab_0.json", "Notebook 7.4.0, Jupyter Server 2.20.0", JupyterHashAlgorithm.Argon2, false, true)]
    [InlineData("jupyterlab-4.2.5.dist-info", "JupyterLab 4.2.5", JupyterHashAlgorithm.Argon2, false, false)]
    [InlineData("notebook-shim-0.2.4.json jupyter_server_terminals-0.5.3.dist-info", "", JupyterHashAlgorithm.Argon2, false, false)]
    public void Names_of_packages_tell_the_versions(string packages, string shown, JupyterHashAlgorithm hash, bool classic, bool identity)
    {
        var versions = JupyterVersions.From(packages.Split(' '));
        Assert.Equal((shown, hash, classic, identity), (versions.ToString(), versions.Hash, versions.HasClassic, versions.HasIdentityProvider));
        Assert.Equal(packages.Contains("notebook-shim", StringComparison.Ordinal) || packages.StartsWith("jupyterlab", StringComparison.Ordinal), !versions.IsThere);
    }

    /// <summary>What pip has installed over conda's package is what Python imports.</summary>
    [Fact]
    public void The_first_name_counts() => Assert.Equal(
        new Version(7, 2, 0), JupyterVersions.From(["notebook-7.2.0.dist-info", "notebook-6.5.4-py311.json"]).Notebook);

    [Fact]
    public void Numbers_of_any_length_are_read() => Assert.NotNull(JupyterVersions.From([$"notebook-{new string('9', 50)}.1.dist-info"]));
}
