using System.Globalization;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Money;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>A deadline that is to be moved: reckoned first, then carried out.</summary>
/// <param name="Instance">The instance, as EC2 has it now.</param>
/// <param name="Old">What the machine holds.</param>
/// <param name="New">What it is to hold.</param>
/// <param name="HighestCost">The most that it can cost until then, in US dollars; null where no price bounds it.</param>
internal sealed record DeadlineMove(SpotTrainingInstance Instance, DateTimeOffset Old, DateTimeOffset New, decimal? HighestCost)
{
    /// <summary>A deadline that is nearer could pass while it is being set.</summary>
    private static readonly TimeSpan Nearest = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Farthest = Tariff.Longest;

    /// <summary>What ShouldProcess asks.</summary>
    public string Action => string.Format(CultureInfo.CurrentCulture, "move the deadline from {0:g} to {1:g}, {2}", Old.LocalDateTime, New.LocalDateTime,
        HighestCost is { } most ? string.Format(CultureInfo.CurrentCulture, "at most {0:0.00} USD from launch on, traffic out not included", most) : "at a price that nothing bounds");

    /// <summary>Reckons a move.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="wanted">Gives the moment that is wanted from the one that the machine holds; null: as late as the budget allows.</param>
    /// <param name="context">Where it is told.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SpotTrainerException"><c>NoBudget</c>, <c>PriceCapUnknown</c>, <c>DeadlinePastBudget</c>, <c>DeadlineTooNear</c>, <c>DeadlineTooFar</c>,
    /// <c>DeadlineNotArmed</c>, <c>ClockWrong</c>.</exception>
    public static async Task<DeadlineMove> PlanAsync(
        SpotTrainingInstance instance, Func<DateTimeOffset, DateTimeOffset>? wanted, StepContext context, CancellationToken cancellationToken)
    {
        var current = await InstanceReader.GetAsync(instance.Cloud, instance.Region, instance.InstanceId, cancellationToken);
        InstanceWaiter.RequireLiving(current);
        var connection = await SshConnectionPool.GetAsync(instance, context, cancellationToken);
        var status = await DeadlineCheck.ReadArmedAsync(connection, instance, context, cancellationToken);
        var (old, now) = (status.Deadline!.Value, status.Now);
        var soFar = current.HighestPrice is { } cap ? await HighestSoFarAsync(current, cap, context, cancellationToken) : 0;
        DateTimeOffset? latest = null;
        if (current.Budget is { } budget)
        {
            latest = current.HighestPrice is null ? throw CapUnknown(current) : current.Tariff.LatestEnd(current.LaunchTime, now, budget, soFar);
        }
        else if (wanted is null)
        {
            throw new SpotTrainerException("NoBudget", ErrorKind.InvalidOperation, $"{current} was launched without a budget.",
                "Give -Deadline or -AddHours instead of -FromBudget.", current);
        }

        // -FromBudget never takes time away: what the machine holds was paid for at its launch.
        var next = wanted?.Invoke(old) ?? (latest > old ? latest.Value : old);
        next = DateTimeOffset.FromUnixTimeSeconds(next.ToUnixTimeSeconds());
        if (next > latest && next > old)
        {
            throw new SpotTrainerException("DeadlinePastBudget", ErrorKind.LimitsExceeded,
                string.Format(CultureInfo.CurrentCulture, "{0} may cost {1} USD, which it could exceed by {2:g}: its latest deadline is {3:g}.",
                    current, current.Budget, next.LocalDateTime, (latest > old ? latest.Value : old).LocalDateTime),
                "Give an earlier moment, or -FromBudget.", current);
        }

        if (next > now + Farthest)
        {
            throw new SpotTrainerException("DeadlineTooFar", ErrorKind.InvalidArgument,
                string.Format(CultureInfo.CurrentCulture, "{0:g} is more than a year away.", next.LocalDateTime), "Give an earlier moment.", current);
        }

        if (next < now + Nearest)
        {
            throw new SpotTrainerException("DeadlineTooNear", ErrorKind.InvalidArgument,
                string.Format(CultureInfo.CurrentCulture, "{0:G} is past, or nearly so.", next.LocalDateTime),
                "Give a later moment; Remove-SpotTrainingInstance ends the machine now.", current);
        }

        return new DeadlineMove(current, old, next, current.Tariff.MostUntil(current.LaunchTime, now, next, soFar));
    }

    /// <summary>Carries it out, and gives the instance as it is then.</summary>
    public async Task<SpotTrainingInstance> ApplyAsync(StepContext context, CancellationToken cancellationToken)
    {
        // The tag is what other computers go by. Whenever this process is killed, it must not promise more time than the machine
        // gives: so the machine comes first when the deadline moves out, and the tag when it moves in.
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
        new CreateTagsRequest { Resources = [Instance.InstanceId], Tags = [new Tag(ModuleTags.Deadline, ModuleTags.Moment(New))] }, cancellationToken);

    /// <summary>The highest price of the instance's zone since its launch; the highest that can be charged where that can't be had.</summary>
    private static async Task<decimal> HighestSoFarAsync(SpotTrainingInstance instance, decimal highest, StepContext context, CancellationToken cancellationToken)
    {
        if (instance.Market != "spot")
        {
            return instance.Price;
        }

        var series = await CostReader.SeriesAsync(instance, context, cancellationToken);
        return series?.Highest is { } seen ? Math.Max(instance.Price, seen) : highest;
    }

    private static SpotTrainerException CapUnknown(SpotTrainingInstance instance) => new("PriceCapUnknown", ErrorKind.InvalidOperation,
        $"The highest price that can be charged for {instance} is not known, so nobody can say what its budget pays.",
        "Remove it when it is done; it ends itself at the deadline that it has.", instance);
}
