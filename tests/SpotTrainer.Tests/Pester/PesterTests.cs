using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Pester;

/// <summary>The tests that are written in PowerShell (tests/Pester), each a row here.</summary>
[Trait("Speed", "Slow")]
public sealed class PesterTests : IDisposable
{
    private static readonly Lazy<Task<PesterRun>> Run = new(() => PesterRun.RunAsync(BuildFacts.PesterTests));

    private readonly TemporaryFolder folder = new();

    [Theory]
    [MemberData(nameof(RowsAsync), DisableDiscoveryEnumeration = true)]
    public async Task In_PowerShell(string test)
    {
        var result = (await Run.Value).Results[test];

        Assert.True(result.Result is "Passed", $"{result.Result}: {result.Message}");
    }

    [Fact]
    public async Task All_files_are_run()
    {
        var files = Directory.GetFiles(BuildFacts.PesterTests, "*.Tests.ps1").Select(path => Path.GetFileName(path));
        var run = (await Run.Value).Results.Values.Select(result => result.File).Distinct(StringComparer.Ordinal);

        Assert.Equal(files.Order(StringComparer.Ordinal), run.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_left_of_the_run() => Assert.Empty((await Run.Value).Left);

    [Fact]
    public async Task A_failure_is_seen_wherever_it_happens()
    {
        folder.Write("One.Tests.ps1", """
            Describe 'one' {
                It 'passes' { 1 | Should -Be 1 }
                It 'fails' { 1 | Should -Be 2 }
                It 'is skipped' -Skip { throw 'It ran.' }
            }
            Describe 'two' {
                BeforeAll { throw 'No set-up.' }
                It 'never ran' { }
            }
            """);
        folder.Write("Two.Tests.ps1", "throw 'No file.'");

        var run = await PesterRun.RunAsync(folder.Path);

        Assert.Equal(
            [
                "One.Tests.ps1: one.fails Failed", "One.Tests.ps1: one.is skipped Skipped", "One.Tests.ps1: one.passes Passed",
                "One.Tests.ps1: the set-up of two Failed", "One.Tests.ps1: two.never ran Failed", "Two.Tests.ps1: the file Failed",
            ],
            run.Results.Select(pair => $"{pair.Key} {pair.Value.Result}").Order(StringComparer.Ordinal));
        Assert.Contains("Expected 2, but got 1.", run.Results["One.Tests.ps1: one.fails"].Message, StringComparison.Ordinal);
        Assert.Contains("No set-up.", run.Results["One.Tests.ps1: the set-up of two"].Message, StringComparison.Ordinal);
        Assert.Contains("No file.", run.Results["Two.Tests.ps1: the file"].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_without_results_is_a_failure()
    {
        folder.Write("One.Tests.ps1", "[Environment]::Exit(0)");

        var failure = await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => PesterRun.RunAsync(folder.Path));

        Assert.Contains("Pester gave no results", failure.Message, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    /// <summary>Known when the tests have run, not before.</summary>
    public static async Task<IEnumerable<TheoryDataRow<string>>> RowsAsync() => (await Run.Value).Results.Select(
        pair => new TheoryDataRow<string>(pair.Key)
        {
            TestDisplayName = pair.Key,
            Label = "",
            Skip = pair.Value.Result is "Skipped" ? "Pester skipped it." : null,
        });
}
