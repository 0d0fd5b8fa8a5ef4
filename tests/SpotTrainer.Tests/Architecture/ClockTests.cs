using System.Text.RegularExpressions;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Architecture;

/// <summary>Only the foundation reads the clock and waits, so tests can use their own clock.</summary>
public sealed partial class ClockTests
{
    [Fact]
    public void Only_the_foundation_reads_the_clock_or_waits()
    {
        var found = Directory.EnumerateFiles(Path.Combine(BuildFacts.Root, "src/SpotTrainer"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(
                path => File.ReadLines(path).Where(line => Forbidden().IsMatch(line))
                    .Select(line => $"{Path.GetFileName(path)}: {line.Trim()}"));
        Assert.Empty(found);
    }

    [Theory]
    [InlineData("var now = DateTime.UtcNow;")]
    [InlineData("DateTimeOffset.Now.AddDays(1)")]
    [InlineData("await Task.Delay(100, cancellationToken);")]
    [InlineData("limit.CancelAfter(Timeout);")]
    [InlineData("new CancellationTokenSource(Timeout)")]
    [InlineData("new CancellationTokenSource(TimeSpan.FromSeconds(1))")]
    [InlineData("Stopwatch.StartNew()")]
    [InlineData("Thread.Sleep(1);")]
    public void A_planted_wait_is_found(string line) => Assert.Matches(Forbidden(), line);

    [GeneratedRegex(@"DateTime(?:Offset)?\.(?:UtcNow|Now)\b|\bTask\.Delay\(|\.CancelAfter\(|new CancellationTokenSource\([^)]|\bStopwatch\b|Thread\.Sleep", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Forbidden();
}
