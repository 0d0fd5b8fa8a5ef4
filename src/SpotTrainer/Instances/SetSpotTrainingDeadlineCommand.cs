using System.Management.Automation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Moves the deadline of running instances, on the machine itself, never past their budget.</summary>
[Cmdlet(VerbsCommon.Set, "SpotTrainingDeadline", SupportsShouldProcess = true, DefaultParameterSetName = "Moment")]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class SetSpotTrainingDeadlineCommand : HostStepCmdlet
{
    private readonly List<DeadlineMove> moves = [];

    /// <summary>The moment at which the instance is to end.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Moment")]
    public DateTimeOffset Deadline { get; set; }

    /// <summary>By how many hours the deadline moves out; in, when negative.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Hours")]
    [Duration(DurationUnit.Hours, Shortest = -8760, Longest = 8760)]
    public TimeSpan AddHours { get; set; }

    /// <summary>As late as what was not spent of the budget pays for.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Budget")]
    public SwitchParameter FromBudget { get; set; }

    private protected override string? Action => null;

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // All are reckoned at once, then asked about one by one, then moved at once.
        base.EndProcessing();
        foreach (var move in moves)
        {
            if (move.New == move.Old && move.Instance.Deadline == move.Old)
            {
                WriteInformation($"{move.Instance} ends itself at {move.Old.LocalDateTime:g}, as before{(ParameterSetName == "Budget" ? ": its budget does not pay for more yet; what the price leaves of it is gained as time passes" : string.Empty)}.", []);
                WriteObject(move.Instance);
                continue;
            }

            if (ShouldProcess(move.Instance.ToString(), move.Action))
            {
                StartThrottled(move.Instance, async stopping =>
                {
                    var moved = await move.ApplyAsync(Context, stopping);
                    Output.Information($"{moved} ends itself at {move.New.LocalDateTime:g}.");
                    CostReader.KeepRunning(moved, Context);
                    await Output.ObjectAsync(moved);
                });
            }
        }

        base.EndProcessing();
    }

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var (deadline, hours) = (Deadline, AddHours);
        Func<DateTimeOffset, DateTimeOffset>? wanted = ParameterSetName switch
        {
            "Moment" => _ => deadline,
            "Hours" => old => old + hours,
            _ => null,
        };
        return async stopping =>
        {
            var move = await DeadlineMove.PlanAsync(SpotTrainingInstance.Require(host), wanted, Context, stopping);
            lock (moves)
            {
                moves.Add(move);
            }
        };
    }
}
