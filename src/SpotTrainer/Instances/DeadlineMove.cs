using System.Globalization;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Money;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>A move of a deadline: planned first, then applied.</summary>
/// <param name="Instance">The instance, as EC2 reports it now.</param>
/// <param name="Old">The deadline that the instance holds.</param>
/// <param name="New">The new deadline.</param>
/// <param name="HighestCost">The most that it can cost until the new deadline, in US dollars; null if no price limits it.</param>
internal sealed record DeadlineMove(SpotTrainingInstance Instance, DateTimeOffset Old, DateTimeOffset New, decimal? HighestCost)
{
    /// <summary>A closer deadline could pass while it is being set.</summary>
    private static readonly TimeSpan Nearest = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Farthest = Tariff.Longest;

    /// <summary>What ShouldProcess asks about, as a verb phrase.</summary>
    public string Action =>
        $"move the deadline from {DisplayText.Of(Old)} to {DisplayText.Of(New)}, " + (HighestCost is { } most
            ? $"at most {DisplayText.MostUsd(most)} USD since the launch, outbound traffic not included"
            : "with no limit on the price");

    /// <summary>Plans a move.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="wanted">Returns the new deadline, given the current one; null for the latest that the budget allows.</param>
    /// <param name="batch">Reads the instance and the others that are planned with it.</param>
    /// <param name="log">Where warnings go.</param>
    /// <exception cref="SpotTrainerException"><c>NoBudget</c>, <c>PriceCapUnknown</c>, <c>DeadlinePastBudget</c>, <c>DeadlineTooNear</c>, <c>DeadlineTooFar</c>,
    /// <c>DeadlineNotArmed</c>, <c>ClockWrong</c>.</exception>
    public static async Task<DeadlineMove> PlanAsync(
        SpotTrainingInstance instance, Func<DateTimeOffset, DateTimeOffset>? wanted, InstanceBatch batch, IStepLog log)
    {
        var current = await batch.GetAsync(instance);
        InstanceWaiter.RequireLiving(current);
        var status = await batch.StatusAsync(instance);
        var (old, now) = (status.Deadline!.Value, status.Now);
        var soFar = current.HighestPrice is { } cap ? await HighestSoFarAsync(current, cap, batch) : 0;
        DateTimeOffset? latest = null;
        if (current.Budget is { } budget)
        {
            latest = current.HighestPrice is null
                ? throw CapUnknown(current)
                : current.Tariff.LatestEnd(current.LaunchTime, now, budget, soFar);
        }
        else if (wanted is null)
        {
            throw new SpotTrainerException("NoBudget", ErrorKind.InvalidOperation, $"{current} was launched without a budget.",
                "Use -Deadline or -AddHours instead of -FromBudget.", current);
        }

        var next = wanted?.Invoke(old) ?? latest!.Value;
        next = DateTimeOffset.FromUnixTimeSeconds(next.ToUnixTimeSeconds());
        if (next > latest && old <= latest)
        {
            throw new SpotTrainerException("DeadlinePastBudget", ErrorKind.LimitsExceeded,
                FormattableString.Invariant($"{current} has a budget of {current.Budget} USD and could exceed it by {DisplayText.Of(next)}. ")
                    + $"Its latest possible deadline is {DisplayText.Of(latest.Value)}.",
                "Use an earlier deadline, or -FromBudget.", current);
        }

        if (old > latest && next >= latest)
        {
            // Something else set the deadline past the budget, or prices have risen since. If the budget is used up, the instance ends as
            // soon as a deadline can be set.
            next = latest.Value > now + Nearest ? latest.Value : now + Nearest + OneSecond;
            log.Warning(FormattableString.Invariant($"{current} could exceed its budget of {current.Budget} USD by its deadline, ")
                + $"{DisplayText.Of(old)}. The latest that the budget allows is {DisplayText.Of(next)}.");
        }

        if (next > now + Farthest)
        {
            throw new SpotTrainerException("DeadlineTooFar", ErrorKind.InvalidArgument,
                $"{DisplayText.Of(next)} is more than a year away.",
                "Use an earlier deadline.", current);
        }

        if (next < now + Nearest)
        {
            throw new SpotTrainerException("DeadlineTooNear", ErrorKind.InvalidArgument,
                $"{DisplayText.Of(next)} has passed, or is less than 30 seconds away.",
                "Use a later deadline. To terminate the instance now, use Remove-SpotTrainingInstance.", current);
        }

        return new DeadlineMove(current, old, next, current.Tariff.MostUntil(current.LaunchTime, now, next, soFar));
    }

    /// <summary>Applies the move and returns the updated instance.</summary>
    public async Task<SpotTrainingInstance> ApplyAsync(StepContext context, CancellationToken cancellationToken)
    {
        // Other computers rely on the tag. Even if this process is killed here, the tag must not promise more time than the instance
        // has. So the instance is changed first when the deadline moves later, and the tag first when it moves earlier.
        if (New < Old)
        {
            await TagAsync(cancellationToken);
        }

        var connection = await SshConnectionPool.GetAsync(Instance, context, cancellationToken);
        var seconds = New.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        await connection.RequireAsync($"sudo {Watchdog.Path} arm {seconds}", "Setting the deadline", cancellationToken);
        await DeadlineCheck.RequireAsync(connection, Instance, New, context, cancellationToken);
        if (New >= Old)
        {
            await TagAsync(cancellationToken);
        }

        return await InstanceReader.GetAsync(Instance.Cloud, Instance.Region, Instance.InstanceId, cancellationToken);
    }

    private Task TagAsync(CancellationToken cancellationToken) => Instance.Cloud.Ec2(Instance.Region).CreateTagsAsync(
        new CreateTagsRequest { Resources = [Instance.InstanceId], Tags = [new Tag(ModuleTags.Deadline, ModuleTags.Moment(New))] },
        cancellationToken);

    /// <summary>
    /// Returns the highest price in the zone since the launch, or the highest that can be charged if it is not available.
    /// </summary>
    private static async Task<decimal> HighestSoFarAsync(SpotTrainingInstance instance, decimal highest, InstanceBatch batch)
    {
        if (instance.Market != "spot")
        {
            return instance.Price;
        }

        var series = await batch.PricesAsync(instance);
        return series?.Highest is { } seen ? Math.Max(instance.Price, seen) : highest;
    }

    private static SpotTrainerException CapUnknown(SpotTrainingInstance instance) => new("PriceCapUnknown", ErrorKind.InvalidOperation,
        $"The highest price that can be charged for {instance} is unknown, so how long its budget lasts is also unknown.",
        "Remove it when you are done. It terminates itself at its current deadline.", instance);
}
