using Microsoft.Extensions.Time.Testing;
using SpotTrainer.Foundation;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Foundation;

public sealed class LogWithoutRepeatsTests
{
    [Fact]
    public void A_warning_is_repeated_after_a_minute_and_in_another_session()
    {
        var time = new FakeTimeProvider();
        var log = new RecordingLog();
        var (one, other) = (new Session(), new Session());
        foreach (var (session, seconds) in new[] { (one, 0), (one, 59), (other, 0), (one, 2), (one, 1) })
        {
            time.Advance(TimeSpan.FromSeconds(seconds));
            new LogWithoutRepeats(log, session, time).Warning("the same");
        }

        Assert.Equal(["warning: the same", "warning: the same", "warning: the same"], log.Lines);
    }
}
