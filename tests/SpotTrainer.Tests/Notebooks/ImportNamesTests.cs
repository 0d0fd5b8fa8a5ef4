using System.Text.Json;
using SpotTrainer.Foundation;
using SpotTrainer.Notebooks;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Notebooks;

/// <summary>Which package has which module. What is installed for the system's own Python judges.</summary>
public sealed class ImportNamesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("cv2", "opencv", "opencv-python")]
    [InlineData("sklearn.linear_model", "scikit-learn", "scikit-learn")]
    [InlineData("PIL", "pillow", "Pillow")]
    [InlineData("yaml", "pyyaml", "PyYAML")]
    [InlineData("skimage", "scikit-image", "scikit-image")]
    [InlineData("bs4", "beautifulsoup4", "beautifulsoup4")]
    [InlineData("torch.nn", "pytorch", "torch")]
    [InlineData("google.cloud.storage", "google-cloud-storage", "google-cloud-storage")]
    [InlineData("some_module.x", "some-module", "some-module")]
    public void A_module_has_a_package(string module, string conda, string pip)
    {
        var name = ImportNames.Of(module);
        Assert.Equal((conda, pip), (name.Conda, name.Pip));
    }

    [Theory]
    [InlineData("opencv-python-headless", "cv2")]
    [InlineData("scikit_learn", "sklearn")]
    [InlineData("torch", "torch")]
    [InlineData("pytorch", "torch")]
    [InlineData("Pillow", "PIL")]
    [InlineData("my-package", "my_package")]
    public void A_package_has_modules(string package, string module) => Assert.Contains(module, ImportNames.ModulesOf(package));

    [Theory]
    [InlineData("sklearn", "scikit-learn")]
    [InlineData("cv2", "opencv")]
    [InlineData("torch", "pytorch")]
    [InlineData("opencv-python", "opencv")]
    [InlineData("pandas", null)]
    [InlineData("pytorch", null)]
    [InlineData("nobody-knows", null)]
    public void The_package_that_is_meant_by_the_name_of_a_module_is_known(string name, string? package) =>
        Assert.Equal(package, ImportNames.Meant(name)?.Conda);

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task The_packages_of_this_computer_have_the_modules_that_the_table_says()
    {
        const string code = "import importlib.metadata, json; print(json.dumps(importlib.metadata.packages_distributions()))";
        var output = (await Programs.RunAsync("/usr/bin/python3", "-c", code)).Succeeded();
        var installed = JsonSerializer.Deserialize<Dictionary<string, string[]>>(output)!;
        var compared = 0;
        foreach (var (module, packages) in installed.Where(pair => pair.Key != "google" && ImportNames.Knows(pair.Key)))
        {
            var name = ImportNames.Of(module);
            var known = name.Others.Append(name.Pip).Append(name.Conda).Select(ImportNames.Normal);
            Assert.True(
                packages.Select(ImportNames.Normal).Intersect(known, StringComparer.Ordinal).Any(),
                $"{module}: {string.Join(", ", packages)}");
            compared++;
        }

        Assert.True(compared > 10);
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task The_modules_of_the_standard_library_are_those_of_Python()
    {
        var names = (await Programs.RunAsync("/usr/bin/python3", "-c", "import sys; print(*sys.stdlib_module_names)")).Succeeded().Split();
        Assert.All(names.Where(name => name.Length > 0), name => Assert.True(StandardModules.Contains(name), name));
        Assert.False(StandardModules.Contains("numpy"));
    }

    [Fact]
    public void What_comes_with_packages_is_known()
    {
        var (packages, areAllKnown) = PackageContents.With(["pandas", "scikit-learn"]);
        Assert.All(["numpy", "scipy", "joblib", "pytz"], package => Assert.Contains(package, packages));
        Assert.True(areAllKnown);
        Assert.True(PackageContents.With(["torch"]).AreAllKnown);
        Assert.False(PackageContents.With(["pandas", "nobody-knows"]).AreAllKnown);
    }

    [Fact]
    public void The_names_of_packages_are_read_from_every_form()
    {
        var file = EnvironmentFile.Of([
            "pandas", " numpy==1.2 # comment", "# comment", "", "conda-forge::lightgbm=4.1=py312_0", "scikit-learn[alldeps]>=1,<2",
            "torch ; sys_platform == 'linux'", "name @ https://example.com/name.whl", "--index-url https://example.com/simple",
        ]);
        Assert.Equal(["pandas", "numpy", "lightgbm", "scikit-learn", "torch", "name"], file.Packages);
        Assert.True(file.IsComplete);
    }

    [Theory]
    [InlineData("-r other.txt")]
    [InlineData("-e .")]
    [InlineData("--requirement other.txt")]
    [InlineData("git+https://example.com/x.git")]
    [InlineData("./local")]
    public void What_names_no_package_makes_a_list_incomplete(string line)
    {
        var file = EnvironmentFile.Of(["pandas", line]);
        Assert.Equal(["pandas"], file.Packages);
        Assert.False(file.IsComplete);
    }

    [Theory]
    [InlineData("dependencies: [a: &x [b], c: *x]")]
    [InlineData("dependencies: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]")]
    [InlineData("dependencies: {pandas: 1}")]
    [InlineData("- pandas")]
    [InlineData("")]
    [InlineData("\tdependencies:\n\t- pandas")]
    public void A_strange_environment_yml_is_read_or_is_an_error(string text)
    {
        try
        {
            Assert.DoesNotContain("pandas", EnvironmentFile.Read(folder.Write("environment.yml", text)).Packages);
        }
        catch (SpotTrainerException exception)
        {
            Assert.Equal("EnvironmentFileInvalid", exception.Id);
        }
    }
}
