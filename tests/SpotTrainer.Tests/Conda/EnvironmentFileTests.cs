using SpotTrainer.Conda;
using SpotTrainer.Foundation;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Conda;

/// <summary>Files that say what a stack has.</summary>
public sealed class EnvironmentFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void An_environment_yml_is_read()
    {
        var request = Read("environment.yml", """
            name: training   # the name is the file's own
            channels:
              - pytorch
              - conda-forge
              - nodefaults
            dependencies:
              - python=3.12
              - pandas>=2
              - conda-forge::lightgbm=*=cpu*
              - pip
              - pip:
                - timm==1.0.9
                - "einops"
                # a comment
            variables:
              OMP_NUM_THREADS: 4
              GREETING: it's
            prefix: /home/somebody/conda
            """);
        Assert.Equal(["python=3.12", "pandas>=2", "conda-forge::lightgbm=*=cpu*", "pip"], request.Packages);
        Assert.Equal(["timm==1.0.9", "einops"], request.PipPackages);
        Assert.Equal(["pytorch", "conda-forge"], request.Channels);
        Assert.Equal([("GREETING", "it's"), ("OMP_NUM_THREADS", "4")], request.Variables.Select(one => (one.Key, one.Value)).Order());
        CondaSpecs.Require(request);
    }

    [Fact]
    public void A_requirements_txt_is_read()
    {
        var request = Read("requirements.txt", "# data\r\npandas==2.2.3\r\n\r\n  scikit-learn>=1.5 # trees\r\nnumpy \\\r\n  --hash=sha256:0123\r\n");
        Assert.Equal(["pandas==2.2.3", "scikit-learn>=1.5 # trees", "numpy    --hash=sha256:0123"], request.PipPackages);
        Assert.Empty(request.Packages);
        CondaSpecs.Require(request);
    }

    [Theory]
    [InlineData("environment.yml", "dependencies:\n  - pandas\n  numpy: [", "line 3, column 3")]
    [InlineData("environment.yml", "dependencies:\n\t- pandas", "line 2: ")]
    [InlineData("environment.yml", "dependencies: pandas", "line 1, column 15: 'dependencies' must be a list")]
    [InlineData("environment.yml", "- pandas", "has no keys")]
    [InlineData("environment.yml", "", "has no keys")]
    [InlineData("environment.yml", "dependencies:\n  - pandas\n  - conda: [x]", "line 3 is neither")]
    [InlineData("environment.yml", "dependencies:\n  - pip:\n    - -r more.txt", "an option of pip")]
    [InlineData("environment.yml", "variables: [a]", "line 1: 'variables' must have names and values")]
    [InlineData("requirements.txt", "pandas\n-r more.txt", "line 2 is '-r more.txt'")]
    [InlineData("requirements.txt", "--index-url https://example.com", "line 1 is")]
    public void What_cannot_be_used_is_named_with_its_line(string name, string text, string said)
    {
        var error = Assert.Throws<SpotTrainerException>(() => Read(name, text));
        Assert.Equal("EnvironmentFileInvalid", error.Id);
        Assert.True(error.Message.Contains(said, StringComparison.Ordinal), error.Message);
        Assert.Contains(folder[name], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_such_file_is_refused()
    {
        Assert.Equal("FileNotFound", Assert.Throws<SpotTrainerException>(() => EnvironmentFile.AddTo(new CondaRequest(), folder["none.yml"])).Id);
        Assert.Equal("EnvironmentFileInvalid", Assert.Throws<SpotTrainerException>(() => Read("big.txt", new string('x', 2_000_000))).Id);
    }

    private CondaRequest Read(string name, string text) => EnvironmentFile.AddTo(new CondaRequest(), folder.Write(name, text));
}
