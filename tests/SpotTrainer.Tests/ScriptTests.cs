using SpotTrainer.Foundation;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests;

/// <summary>ShellCheck finds nothing in the scripts that the assemblies carry.</summary>
public sealed class ScriptTests
{
    public static TheoryData<string> Scripts =>
        [.. new[] { typeof(EmbeddedScript), typeof(MarketTable) }.SelectMany(type => type.Assembly.GetManifestResourceNames()).Where(
            name => name.EndsWith(".sh", StringComparison.Ordinal))];

    [Fact]
    public void All_scripts_are_checked() => Assert.Contains("watchdog.sh", Scripts.Select(row => row.Data));

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task ShellCheck_finds_nothing(string name)
    {
        await DebianPackages.EnsureAsync("shellcheck");
        string[] dialect = name == "watchdog.sh" ? ["-s", "sh"] : [];
        var result = await Programs.RunAsync(["shellcheck", .. dialect, "-"], await ReadAsync(name));
        Assert.True(result.Status == 0, result.Output);
    }

    private static async Task<string> ReadAsync(string name)
    {
        await using var stream = typeof(EmbeddedScript).Assembly.GetManifestResourceStream(name)
            ?? typeof(MarketTable).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
