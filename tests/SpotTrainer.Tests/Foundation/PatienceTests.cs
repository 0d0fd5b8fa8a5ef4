using Microsoft.Extensions.Time.Testing;
using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Foundation;

/// <summary>Repeating a call, on a clock that the tests advance.</summary>
public sealed class PatienceTests
{
    private readonly FakeTimeProvider time = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_asks_until_the_answer_is_good_enough()
    {
        var asked = 0;
        var answer = new Patience(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1))
            .AskAsync(time, () => Task.FromResult(++asked), count => count == 3, mayPass: null, Stop);
        Assert.Equal(3, await AdvanceAsync(answer, TimeSpan.FromSeconds(1)));
        Assert.Equal(TimeSpan.FromSeconds(2), Elapsed);
    }

    [Fact]
    public async Task When_the_time_is_up_it_returns_the_last_answer()
    {
        var answer = new Patience(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1)).AskAsync<string?>(
            time, () => Task.FromResult<string?>(null), found => found is not null, mayPass: null, Stop);
        Assert.Null(await AdvanceAsync(answer, TimeSpan.FromSeconds(1)));
        Assert.Equal(TimeSpan.FromSeconds(3), Elapsed);
    }

    [Fact]
    public async Task When_the_time_is_up_it_throws_the_last_error()
    {
        var asked = 0;
        var answer = new Patience(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)).AskAsync<int>(
            time, () => throw new IOException($"{++asked}"), isEnough: null, _ => true, Stop);
        Assert.Equal("3", (await Assert.ThrowsAsync<IOException>(() => AdvanceAsync(answer, TimeSpan.FromSeconds(1)))).Message);
    }

    [Fact]
    public async Task An_error_that_is_not_temporary_is_thrown_immediately()
    {
        var asked = 0;
        await Assert.ThrowsAsync<IOException>(() => Patience.Endless(TimeSpan.FromSeconds(1)).DoAsync(
            time, () => ++asked > 0 ? throw new IOException() : Task.CompletedTask, exception => exception is TimeoutException, Stop));
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task The_pauses_grow_up_to_the_longest()
    {
        var moments = new List<TimeSpan>();
        var answer = (new Patience(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1)) { LongestPause = TimeSpan.FromSeconds(2) }).AskAsync(
            time,
            () =>
            {
                moments.Add(Elapsed);
                return Task.FromResult(moments.Count);
            },
            count => count == 6, mayPass: null, Stop);
        await AdvanceAsync(answer, TimeSpan.FromMilliseconds(100));
        var pauses = moments.Zip(moments.Skip(1), (one, next) => (next - one).TotalSeconds).ToArray();
        Assert.Equal(1, pauses[0], 1);
        Assert.True(pauses[1] > 1.2 && pauses[2] > 1.6);
        Assert.All(pauses[3..], pause => Assert.InRange(pause, 1.9, 2.11));
    }

    [Fact]
    public async Task The_time_runs_from_the_first_error_so_a_computer_that_slept_still_gets_all_of_it()
    {
        var asked = 0;
        var answer = (new Patience(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(1)) { FromFirstError = true }).AskAsync(
            time,
            () =>
            {
                if (++asked == 1)
                {
                    // The laptop was closed during the call.
                    time.Advance(TimeSpan.FromHours(8));
                }

                return asked < 4 ? throw new IOException() : Task.FromResult(asked);
            },
            isEnough: null, _ => true, Stop);
        Assert.Equal(4, await AdvanceAsync(answer, TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task Canceling_ends_the_pause()
    {
        using var stop = new CancellationTokenSource();
        var answer = Patience.Endless(TimeSpan.FromHours(1)).AskAsync(
            time, () => Task.FromResult(0), _ => false, mayPass: null, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
    }

    private TimeSpan Elapsed => time.GetUtcNow() - time.Start;

    /// <summary>Advances the clock until the task has ended.</summary>
    private async Task<T> AdvanceAsync<T>(Task<T> task, TimeSpan step)
    {
        while (!task.IsCompleted)
        {
            time.Advance(step);
            await Task.Yield();
            await Task.WhenAny(task, Task.Delay(1, Stop));
        }

        return await task;
    }
}
