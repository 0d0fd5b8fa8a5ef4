using SpotTrainer.Instances;

namespace SpotTrainer.Tests.Instances;

/// <summary>A machine can print anything.</summary>
public sealed class WatchdogStatusTests
{
    [Theory]
    [InlineData("now=1790000000\ndeadline=1790003600\narmed=yes\n", true)]
    [InlineData("now=1790000000\ndeadline=9223372036854775807\narmed=yes\n", false)]
    [InlineData("now=1790000000\ndeadline=99999999999\narmed=yes\n", false)]
    [InlineData("now=1790000000\ndeadline=0\narmed=yes\n", false)]
    [InlineData("now=1790000000\ndeadline=\narmed=yes\n", false)]
    public void A_deadline_that_cannot_be_right_is_none(string output, bool isRight) =>
        Assert.Equal(isRight, WatchdogStatus.Parse(output)!.Deadline is not null);

    [Theory]
    [InlineData("")]
    [InlineData("Welcome!\n")]
    [InlineData("now=9223372036854775807\ndeadline=1790003600\narmed=yes\n")]
    [InlineData("now=-1\n")]
    public void Without_a_possible_time_it_is_no_status(string output) => Assert.Null(WatchdogStatus.Parse(output));
}
