using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Mono.Cecil;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Loader;

public sealed class ImportTests
{
    /// <summary>The cmdlets in the assembly, all of which the manifest exports.</summary>
    private static readonly string[] Expected = [.. typeof(TrainingHost).Assembly.GetExportedTypes()
        .Select(type => (CmdletAttribute?)Attribute.GetCustomAttribute(type, typeof(CmdletAttribute)))
        .OfType<CmdletAttribute>().Select(cmdlet => $"{cmdlet.VerbName}-{cmdlet.NounName}").Order(StringComparer.Ordinal)];

    [Fact]
    public void Every_cmdlet_is_exported_and_nothing_else()
    {
        using var module = new ModuleRunspace();

        AssertExports(module);
        Assert.Empty(module.Run("(Get-Module SpotTrainer).ExportedFunctions.Keys; (Get-Module SpotTrainer).ExportedAliases.Keys; (Get-Module SpotTrainer).ExportedVariables.Keys").Output);
    }

    [Fact]
    public void The_manifest_names_every_cmdlet() => Assert.Equal(
        Expected,
        Expected.Where(name => File.ReadAllText(BuildFacts.Manifest).Contains($"'{name}'", StringComparison.Ordinal)),
        StringComparer.Ordinal);

    [Fact]
    public void After_removal_nothing_is_left_and_a_second_import_restores_everything()
    {
        using var module = new ModuleRunspace();

        module.Run("Remove-Module SpotTrainer");
        Assert.Empty(module.Run("Get-Command *-TrainingHost, *-TrainingCommand -ErrorAction Ignore").Output);
        module.Import();

        AssertExports(module);
    }

    [Fact]
    public void A_forced_import_can_be_repeated()
    {
        using var module = new ModuleRunspace();

        module.Import(force: true);
        AssertExports(module);
        module.Import(force: true);
        AssertExports(module);
    }

    [Fact]
    public async Task Concurrent_runspaces_have_every_cmdlet() =>
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            using var module = new ModuleRunspace();
            AssertExports(module);
        })));

    [Fact]
    public void A_module_that_was_not_built_says_how_to_build_it()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "module"));
        foreach (var file in new[] { "SpotTrainer.psd1", "module/SpotTrainer.psm1", "module/SpotTrainer.Format.ps1xml" })
        {
            File.Copy(Path.Combine(BuildFacts.Package, file), Path.Combine(folder.Path, file));
        }

        using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault());
        runspace.Open();
        using var pipeline = PowerShell.Create(runspace);
        pipeline.AddCommand("Import-Module").AddParameter("Name", Path.Combine(folder.Path, "SpotTrainer.psd1")).AddParameter("ErrorAction", "Stop");
        var error = Assert.ThrowsAny<RuntimeException>(() => pipeline.Invoke());
        Assert.Contains("Run 'dotnet build'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("", false)]
    [InlineData("Remove-Module SpotTrainer;", true)]
    [InlineData("Remove-Module SpotTrainer;", false)]
    public void A_second_copy_needs_a_new_session_unless_it_is_the_same_build(string before, bool isSameBuild)
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(BuildFacts.Package, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder.Path, Path.GetRelativePath(BuildFacts.Package, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        if (!isSameBuild)
        {
            const string Loader = "module/bin/net8.0/SpotTrainer.Loader.dll";
            using var assembly = AssemblyDefinition.ReadAssembly(Path.Combine(BuildFacts.Package, Loader));
            assembly.MainModule.Mvid = Guid.NewGuid();
            assembly.Write(Path.Combine(folder.Path, Loader));
        }

        using var module = new ModuleRunspace();
        var result = module.Run(
            $"param($manifest) {before} Import-Module $manifest -ErrorAction Stop",
            new Dictionary<string, object>(StringComparer.Ordinal) { ["manifest"] = Path.Combine(folder.Path, "SpotTrainer.psd1") });
        if (isSameBuild)
        {
            Assert.Empty(result.Errors);
            AssertExports(module);
        }
        else
        {
            var error = Assert.Single(result.Errors).ToString();
            Assert.Contains("open a new session", error, StringComparison.Ordinal);
            Assert.Contains(BuildFacts.Package, error, StringComparison.Ordinal);
            Assert.Contains(folder.Path, error, StringComparison.Ordinal);
        }

        // The first copy still works, or can be imported again.
        module.Run("Remove-Module SpotTrainer");
        module.Import();
        AssertExports(module);
    }

    [Fact]
    public void The_types_come_and_go_with_the_module()
    {
        const string Depth = "(Get-TypeData SpotTrainer.Market.SpotOffer).SerializationDepth";
        using var module = new ModuleRunspace();
        Assert.Equal(2u, Assert.Single(module.Run(Depth).Output).BaseObject);
        Assert.Equal("SpotTrainer", Assert.Single(module.Run("Get-Module SpotTrainer* | ForEach-Object Name").Output).BaseObject);
        Assert.Null(Assert.Single(module.Run($"Remove-Module SpotTrainer; {Depth}").Output));
        module.Import(force: true);
        module.Import(force: true);
        Assert.Equal(2u, Assert.Single(module.Run(Depth).Output).BaseObject);
    }

    private static void AssertExports(ModuleRunspace module)
    {
        var result = module.Run("Get-Command -Module SpotTrainer | ForEach-Object Name");

        Assert.Empty(result.Errors);
        Assert.Equal(Expected, result.Output.Select(name => (string)name.BaseObject).Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }
}
