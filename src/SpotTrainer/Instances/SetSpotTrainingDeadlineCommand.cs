using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Moves the deadline of running instances, on the instance itself, never past the budget.</summary>
[Cmdlet(VerbsCommon.Set, "SpotTrainingDeadline", SupportsShouldProcess = true, DefaultParameterSetName = "Moment")]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class SetSpotTrainingDeadlineCommand : HostStepCmdlet
{
    private readonly List<TrainingHost> hosts = [];

    /// <summary>The new deadline, in local time if it has no time zone.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Moment")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public DateTimeOffset Deadline { get; set; }

    /// <summary>
    /// The time to add to the deadline: a number of hours, or a time such as 0:30 (hours:minutes), from -8760 to 8760 hours. A negative
    /// value moves it earlier.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = "Hours")]
    [Duration(DurationUnit.Hours, Shortest = -8760, Longest = 8760)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan AddHours { get; set; }

    /// <summary>
    /// Moves the deadline as late as the unspent part of the budget allows. A deadline past the budget is moved back.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = "Budget")]
    public SwitchParameter FromBudget { get; set; }

    private protected override string? Action => null;

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // All moves are planned together, confirmed one by one, then applied in parallel.
        base.EndProcessing();
        foreach (var move in Plan())
        {
            if (move.New == move.Old && move.Instance.Deadline == move.Old)
            {
                Output.Information($"{move.Instance} still terminates itself at {DisplayText.Of(move.Old)}."
                    + (ParameterSetName == "Budget" ? " The budget does not allow more time yet. Try again later." : string.Empty));
                WriteObject(move.Instance);
                continue;
            }

            if (ShouldProcess(move.Instance.ToString(), move.Action))
            {
                StartThrottled(move.Instance, async stopping =>
                {
                    var moved = await move.ApplyAsync(Context, stopping);
                    Output.Information($"{moved} terminates itself at {DisplayText.Of(move.New)}.");
                    CostReader.KeepRunning(moved, Context);
                    await Output.ObjectAsync(moved);
                });
            }
        }

        base.EndProcessing();
    }

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        // EC2 is asked for all of them together.
        hosts.Add(host);
        return _ => Task.CompletedTask;
    }

    /// <summary>Returns the moves in the order of the input. What could not be planned has been reported.</summary>
    private IEnumerable<DeadlineMove> Plan()
    {
        var (deadline, hours) = (Deadline, AddHours);
        Func<DateTimeOffset, DateTimeOffset>? wanted = ParameterSetName switch
        {
            "Moment" => _ => deadline,
            "Hours" => old => old + hours,
            _ => null,
        };
        var batch = new InstanceBatch(hosts.OfType<SpotTrainingInstance>(), Context, StopToken);
        var moves = new DeadlineMove?[hosts.Count];
        for (var index = 0; index < moves.Length; index++)
        {
            var (place, host) = (index, hosts[index]);
            StartThrottled(host, async stopping => moves[place] = await HostFinder.WorkAsync(
                host, () => DeadlineMove.PlanAsync(SpotTrainingInstance.Require(host), wanted, batch, Output), Context, stopping));
        }

        base.EndProcessing();
        return moves.OfType<DeadlineMove>();
    }
}
