using Microsoft.Extensions.Time.Testing;
using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Foundation;

/// <summary>All cleanup after Ctrl+C shares ten seconds.</summary>
public sealed class CleanupClockTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task The_stages_share_the_time_from_the_first_Ctrl_C()
    {
        using var ctrlC = new CancellationTokenSource();
        var clock = new CleanupClock(time, ctrlC.Token);
        using var first = clock.Until(0.25);
        using var whole = clock.Until(1);
        time.Advance(TimeSpan.FromHours(1));
        Assert.False(first.IsOver || whole.IsOver);

        await ctrlC.CancelAsync();
        time.Advance(TimeSpan.FromSeconds(2.4));
        Assert.False(first.IsOver);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(first.IsOver);
        Assert.False(whole.IsOver);

        // A stage that starts late does not get more time, because the clock is already running.
        using var late = clock.Until(0.5);
        time.Advance(TimeSpan.FromSeconds(2.3));
        Assert.False(late.IsOver);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(late.IsOver);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(whole.IsOver);
        using var after = clock.Until(1);
        time.Advance(TimeSpan.Zero);
        Assert.True(after.IsOver);
    }

    [Fact]
    public async Task Without_Ctrl_C_a_stage_has_its_own_limit_and_after_Ctrl_C_the_shorter_limit_applies()
    {
        using var ctrlC = new CancellationTokenSource();
        var clock = new CleanupClock(time, ctrlC.Token);
        using (var limited = clock.Until(1, TimeSpan.FromSeconds(4)))
        {
            time.Advance(TimeSpan.FromSeconds(5));
            Assert.True(limited.IsOver);
        }

        using var other = clock.Until(1, TimeSpan.FromMinutes(1));
        await ctrlC.CancelAsync();
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.True(other.IsOver);
    }

    [Fact]
    public void A_limit_can_be_restarted_and_knows_whether_it_expired_or_was_canceled()
    {
        using var outer = new CancellationTokenSource();
        using var limit = time.Limit(TimeSpan.FromSeconds(1), outer.Token);
        time.Advance(TimeSpan.FromSeconds(0.9));
        limit.Restart(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.False(limit.IsCanceled);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(limit.IsOver);

        using var second = time.Limit(TimeSpan.FromSeconds(1), outer.Token);
        outer.Cancel();
        Assert.True(second.IsCanceled);
        Assert.False(second.IsOver);
    }
}
