using System.Management.Automation;
using System.Management.Automation.Runspaces;
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
        foreach (var file in new[]
        {
            "SpotTrainer.psd1", "module/SpotTrainer.psm1", "module/SpotTrainer.Format.ps1xml", "module/SpotTrainer.Types.ps1xml",
        })
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

    private static void AssertExports(ModuleRunspace module)
    {
        var result = module.Run("Get-Command -Module SpotTrainer | ForEach-Object Name");

        Assert.Empty(result.Errors);
        Assert.Equal(Expected, result.Output.Select(name => (string)name.BaseObject).Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }
}
