using System.Globalization;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Cloud;

/// <summary>This computer's clock, compared with EC2's.</summary>
public sealed class AwsClockTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly SetClock time = new() { Now = Noon };
    private int asked;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-60, true)]
    [InlineData(60, true)]
    [InlineData(-61, false)]
    [InlineData(61, false)]
    public async Task The_clocks_may_differ_by_a_minute(int ahead, bool isTolerable)
    {
        var clock = new AwsClock(time);
        await Judge(clock, Noon.AddSeconds(-ahead), isTolerable);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task A_clock_that_was_set_after_the_answer_is_noticed()
    {
        var clock = new AwsClock(time);
        clock.Read(Noon.ToString("r", CultureInfo.InvariantCulture));
        time.Pass(TimeSpan.FromMinutes(10));
        await Judge(clock, Noon.AddMinutes(10), isTolerable: true);
        Assert.Equal(0, asked);

        time.Now += TimeSpan.FromMinutes(20);
        await Judge(clock, Noon.AddMinutes(10), isTolerable: false);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task A_computer_that_has_slept_is_asked_again_and_not_blamed()
    {
        var clock = new AwsClock(time);
        clock.Read(Noon.ToString("r", CultureInfo.InvariantCulture));

        // While a computer sleeps, only the time of day goes on.
        time.Now = Noon.AddHours(8);
        await Judge(clock, Noon.AddHours(8), isTolerable: true);
        Assert.Equal(1, asked);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("9999-99-99")]
    public async Task An_answer_without_a_time_says_nothing(string? date)
    {
        var clock = new AwsClock(time);
        clock.Read(date);
        await clock.RequireAsync(() => Task.CompletedTask);
    }

    [Theory]
    [InlineData(-20, "20 minutes behind")]
    [InlineData(-180, "3 hours behind")]
    [InlineData(20, "20 minutes ahead of")]
    [InlineData(4320, "3 days ahead of")]
    public async Task A_launch_with_a_wrong_clock_is_refused_before_anything_is_created(int minutes, string how)
    {
        // The SDK would remember a difference of the endpoint's clock for its port, which another test may get.
        await using var test = new TestCloud(time: new ShiftedClock { Ahead = TimeSpan.FromMinutes(minutes) });
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 4 });
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => test.LaunchAsync(new LaunchRequest { Offers = offers }));
        Assert.Equal("ClockWrong", error.Id);
        Assert.Contains(how, error.Message, StringComparison.Ordinal);
        Assert.Empty(await test.MachinesAsync());
        Assert.Empty((await test.Cloud.Ec2().DescribeKeyPairsAsync(Stop)).KeyPairs);
        Assert.Equal(0, test.Endpoint.Endpoint.Calls.GetValueOrDefault("RunInstances"));

        var plan = await new PlanChecker(test.Cloud, new LaunchRequest { Offers = offers }, []).CheckAsync(Stop);
        var check = Assert.Single(plan.Checks, check => check.Result == PlanResult.Failed);
        Assert.Equal("clock", check.Name);
        Assert.Contains(how, check.Detail, StringComparison.Ordinal);
    }

    private async Task Judge(AwsClock clock, DateTimeOffset theirs, bool isTolerable)
    {
        var error = await Record.ExceptionAsync(() => clock.RequireAsync(() =>
        {
            asked++;
            clock.Read(theirs.ToString("r", CultureInfo.InvariantCulture));
            return Task.CompletedTask;
        }));
        Assert.Equal(isTolerable ? null : "ClockWrong", (error as SpotTrainerException)?.Id);
    }

    /// <summary>A clock that can be set without time passing.</summary>
    private sealed class SetClock : TimeProvider
    {
        private TimeSpan passed;

        public DateTimeOffset Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan span) => (Now, passed) = (Now + span, passed + span);

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => passed.Ticks;
    }
}
