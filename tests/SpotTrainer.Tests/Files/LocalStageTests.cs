using SpotTrainer.Files;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>The folder in which files stand until they are whole: it is there as long as somebody can use it.</summary>
public sealed class LocalStageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string[] Stages => !Directory.Exists(folder[LocalStage.Area]) ? []
        : [.. Directory.GetDirectories(folder[LocalStage.Area]).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_was_received_is_there_the_next_time()
    {
        using (var stage = Open("one"))
        {
            File.WriteAllText(stage.PlaceFor("a/b"), "x");
        }

        using var again = Open("one");
        Assert.Equal("x", File.ReadAllText(again.PlaceFor("a/b")));
        again.Clear();
        Assert.Empty(Stages);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_second_transfer_at_the_same_time_has_a_stage_that_goes_with_it(bool isComplete)
    {
        using var first = Open("one");
        var own = Assert.Single(Stages);
        using (var second = Open("one"))
        {
            Assert.Equal(2, Stages.Length);
            File.WriteAllText(second.PlaceFor("a"), "x");
            if (isComplete)
            {
                second.Clear();
            }
        }

        Assert.Equal([own], Stages);
    }

    [Fact]
    public void What_nobody_has_used_for_a_week_is_deleted()
    {
        foreach (var source in new[] { "old", "new", "held" })
        {
            using var stage = Open(source);
            File.WriteAllText(stage.PlaceFor("a"), "x");
        }

        var fetched = Directory.CreateDirectory(folder[$"{LocalStage.Area}/uri-1"]).FullName;
        Directory.CreateDirectory(folder["mine/files"]);
        Directory.CreateSymbolicLink(folder[$"{LocalStage.Area}/link"], folder["mine"]);
        File.WriteAllText(folder[$"{LocalStage.Area}/{NameOf("old")}/sums"], "x");
        var before = Stages;
        Assert.Equal(5, before.Length);
        using var held = Open("held");
        Age("held", 30);
        Age("old", 8);
        Age("new", 6);
        Directory.SetLastWriteTimeUtc(fetched, DateTime.UtcNow.AddDays(-30));
        Directory.SetLastWriteTimeUtc(folder["mine"], DateTime.UtcNow.AddDays(-30));

        using var other = Open("other");
        Assert.Equal(before.Except([NameOf("old")]).Append(NameOf("other")).Order(StringComparer.Ordinal), Stages);
        Assert.Equal("x", File.ReadAllText(held.PlaceFor("a")));
        Assert.True(Directory.Exists(folder["mine/files"]));
    }

    [Fact]
    public void A_transfer_takes_over_from_the_one_before_it()
    {
        var first = Open("one");
        File.WriteAllText(first.PlaceFor("a"), "x");
        var before = Stages;
        using var second = LocalStage.Open(folder.Path, "one", new WaitingClock(first.Clear));
        Assert.Equal(before, Stages);
        Assert.False(File.Exists(second.PlaceFor("a")));
        File.WriteAllText(second.PartOf(new LargeFile("large", 1, DateTime.UnixEpoch)), "x");
    }

    // The wait for a process that was killed need not take its time here.
    private LocalStage Open(string source) => LocalStage.Open(folder.Path, source, new FastClock(20));

    private static string NameOf(string source) => Bytes.NameOf(source, digits: 16);

    private void Age(string source, int days) =>
        Directory.SetLastWriteTimeUtc(folder[$"{LocalStage.Area}/{NameOf(source)}"], DateTime.UtcNow.AddDays(-days));

    /// <summary>Does something when somebody waits.</summary>
    private sealed class WaitingClock(Action waits) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            waits();
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
