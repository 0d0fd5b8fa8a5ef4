using Microsoft.Extensions.Time.Testing;
using SpotTrainer.Foundation;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Foundation;

public sealed class RecentWarningsTests
{
    [Fact]
    public void A_warning_is_repeated_after_a_minute_and_in_another_session()
    {
        var time = new FakeTimeProvider();
        var log = new RecordingLog();
        var (one, other) = (new StepContext(log, session: null, time), new StepContext(log, session: null, time));
        foreach (var (context, seconds) in new[] { (one, 0), (one, 59), (other, 0), (one, 2), (one, 1) })
        {
            time.Advance(TimeSpan.FromSeconds(seconds));
            context.WarnOnce("the same");
        }

        Assert.Equal(["warning: the same", "warning: the same", "warning: the same"], log.Lines);
    }
}
