using System.Management.Automation;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Loader;

public sealed class ImportTests
{
    /// <summary>What the assembly has and the manifest exports.</summary>
    private static readonly string[] Expected = [.. typeof(SpotTrainer.Remote.TrainingHost).Assembly.GetExportedTypes()
        .Select(type => (CmdletAttribute?)Attribute.GetCustomAttribute(type, typeof(CmdletAttribute)))
        .OfType<CmdletAttribute>().Select(cmdlet => $"{cmdlet.VerbName}-{cmdlet.NounName}").Order(StringComparer.Ordinal)];

    [Fact]
    public void Every_cmdlet_is_there_and_nothing_else()
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
    public void After_removal_nothing_is_left_and_a_second_import_brings_all_back()
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
    public async Task Runspaces_at_the_same_time_have_them_all() =>
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            using var module = new ModuleRunspace();
            AssertExports(module);
        })));

    private static void AssertExports(ModuleRunspace module)
    {
        var result = module.Run("Get-Command -Module SpotTrainer | ForEach-Object Name");

        Assert.Empty(result.Errors);
        Assert.Equal(Expected, result.Output.Select(name => (string)name.BaseObject).Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }
}
