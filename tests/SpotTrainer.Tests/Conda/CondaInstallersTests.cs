using SpotTrainer.Conda;

namespace SpotTrainer.Tests.Conda;

/// <summary>The table of hashes.</summary>
public sealed class CondaInstallersTests
{
    [Fact]
    public void Each_distribution_has_versions_whose_hashes_are_hashes()
    {
        foreach (var distribution in new[] { "Miniforge3", "Miniconda3", "Anaconda3" })
        {
            var versions = CondaInstallers.Versions(distribution).ToArray();
            Assert.InRange(versions.Length, 3, 100);
            Assert.Equal(versions, versions.Distinct(StringComparer.Ordinal));
            foreach (var version in versions)
            {
                var hashes = CondaInstallers.HashesOf(distribution, version);
                Assert.All(hashes, hash => Assert.Matches("^(x86_64|aarch64)=[0-9a-f]{64}$", hash));
                Assert.Contains(hashes, hash => hash.StartsWith("x86_64=", StringComparison.Ordinal));
            }

            // The default, which any instance can have.
            Assert.Equal(2, CondaInstallers.HashesOf(distribution, versions[0]).Count);
        }
    }

    [Fact]
    public void The_tutorials_own_version_is_there_for_its_one_architecture()
    {
        Assert.Equal(
            ["x86_64=09f53738b0cd3bb96f5b1bac488e5528df9906be2480fe61df40e0e0d19e3d48"], CondaInstallers.HashesOf("Anaconda3", "5.2.0"));
        Assert.Equal("https://repo.anaconda.com/archive", CondaInstallers.FolderOf("Anaconda3", "5.2.0"));
        Assert.Equal("Anaconda3-5.2.0-Linux-x86_64.sh", CondaInstallers.FileOf("Anaconda3", "5.2.0", "x86_64"));
        Assert.Equal("https://github.com/conda-forge/miniforge/releases/download/26.7.2-0", CondaInstallers.FolderOf("Miniforge3", "26.7.2-0"));
        Assert.Empty(CondaInstallers.HashesOf("Miniforge3", "1"));
    }
}
