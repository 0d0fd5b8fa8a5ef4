using System.Globalization;
using System.Management.Automation;
using SpotTrainer.Money;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>Tests Set-SpotTrainingDeadline and Wait-SpotTrainingInstance on the instances of a rehearsal.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class DeadlineCommandTests(RehearsalSession session)
{
    private const string Status = "($Machine | Invoke-TrainingCommand -Result 'sudo spottrainer-watchdog status').Output";

    [Fact]
    public void A_deadline_moves_on_the_instance_and_in_its_tag_and_never_past_the_budget()
    {
        Launch("moved", "-Budget 0.25 -MaxHours 1 -IdleTimeout 45");
        Assert.Equal(0.25m, Value("Budget"));
        Assert.Equal(TimeSpan.FromMinutes(45), Value("IdleTimeout"));
        Assert.Contains("idle_timeout=2700\n", Text(Status), StringComparison.Ordinal);
        var first = Deadline("$Machine");

        // Later and earlier by hours, and to a given moment.
        Assert.Equal(first.AddMinutes(30), Deadline("$Machine | Set-SpotTrainingDeadline -AddHours 0.5"));
        RequireHeld(first.AddMinutes(30));
        Assert.Equal(first, Deadline("$Machine | Set-SpotTrainingDeadline -AddHours -0.5"));
        RequireHeld(first);
        var moment = first.AddMinutes(-20);
        Assert.Equal(moment, Deadline("$Machine | Set-SpotTrainingDeadline $moment", ("moment", moment.UtcDateTime)));
        RequireHeld(moment);
        Assert.Contains("idle_timeout=2700\n", Text(Status), StringComparison.Ordinal);

        // -WhatIf changes nothing.
        Assert.Empty(session.Require("$Machine | Set-SpotTrainingDeadline -AddHours 1 -WhatIf").Output);
        RequireHeld(moment);

        // As late as the budget allows, and no later.
        var last = Deadline("$Machine | Set-SpotTrainingDeadline -FromBudget");
        var (highest, disk) = ((decimal)Value("HighestPrice")!, (int)Value("VolumeSizeGiB")!);
        var perHour = new Tariff(0, highest, (decimal?)Value("DiskPrice"), disk).MostPerHour!.Value;
        Assert.InRange((last - ((DateTimeOffset)Value("LaunchTime")!)).TotalHours,
            (double)(0.25m / perHour) - 0.1, (double)(0.25m / perHour));
        RequireHeld(last);
        Assert.Equal(last, Deadline("$Machine | Set-SpotTrainingDeadline $moment", ("moment", last.UtcDateTime)));
        Assert.Equal("DeadlinePastBudget", Error("$Machine | Set-SpotTrainingDeadline -AddHours 0.5", ErrorCategory.LimitsExceeded));
        Assert.Equal("DeadlineTooNear", Error("$Machine | Set-SpotTrainingDeadline '2020-01-01'", ErrorCategory.InvalidArgument));
        Assert.Equal(
            "NotAnInstance",
            Error("Set-SpotTrainingDeadline -Instance $other -AddHours 1", ErrorCategory.InvalidArgument,
                ("other", session.HostOfTheModule())));
        RequireHeld(last);

        // A deadline that something else set past the budget is moved back, whatever is asked.
        foreach (var how in new[] { "-FromBudget", "-AddHours 0.5", "-AddHours -0.01" })
        {
            session.Require("$null = $Machine | Invoke-TrainingCommand $command", ("command", string.Create(
                CultureInfo.InvariantCulture, $"sudo spottrainer-watchdog arm {last.AddHours(3).ToUnixTimeSeconds()}")));
            var moved = session.Require($"$Machine | Set-SpotTrainingDeadline {how}");
            Assert.Contains(moved.Warnings, warning => warning.Contains("could exceed its budget of 0.25 USD", StringComparison.Ordinal));
            var back = (DateTimeOffset)Assert.Single(moved.Output).Properties["Deadline"].Value;
            Assert.InRange(back, last, last.AddMinutes(10));
            RequireHeld(back);
            last = back;
        }

        // If the instance refuses the deadline, the tag never promises more time than the instance has.
        session.Require("$null = $Machine | Invoke-TrainingCommand $command", ("command", """
            w=/usr/local/sbin/spottrainer-watchdog; sudo mv $w $w.real; printf '#!/bin/sh\n[ "$1" != arm ] || exit 1\nexec %s.real "$@"\n' $w | sudo tee $w; sudo chmod 755 $w
            """));
        Assert.Equal(
            "RemoteCommandFailed",
            Error("$Machine | Set-SpotTrainingDeadline -AddHours -0.5; $Machine | Set-SpotTrainingDeadline -FromBudget",
                ErrorCategory.InvalidResult, errors: 2));
        Assert.Equal(last.AddMinutes(-30), Deadline("Get-SpotTrainingInstance moved"));
        Assert.Equal("RemoteCommandFailed", Error("$Machine | Set-SpotTrainingDeadline -AddHours -0.25", ErrorCategory.InvalidResult));
        session.Require("$null = $Machine | Remove-SpotTrainingInstance");
    }

    [Fact]
    public void A_wait_ends_when_the_instance_is_ready_or_terminated_and_reports_other_problems()
    {
        Launch("waited", "-MaxHours 1 -IdleTimeout 0");
        Assert.Equal("NoBudget", Error("$Machine | Set-SpotTrainingDeadline -FromBudget", ErrorCategory.InvalidOperation));
        Assert.Equal("running", session.Require("$Machine | Wait-SpotTrainingInstance").Output[0].Properties["State"].Value);
        Assert.Equal(
            "WaitTimedOut", Error("$Machine | Wait-SpotTrainingInstance -For Terminated -Timeout 1", ErrorCategory.OperationTimeout));
        Assert.Equal(
            "NotAnInstance",
            Error("Wait-SpotTrainingInstance -Instance $other", ErrorCategory.InvalidArgument, ("other", session.HostOfTheModule())));

        session.Require("$null = $Machine | Invoke-TrainingCommand 'sudo spottrainer-watchdog arm $(($(date +%s) + 1800))'");
        Assert.Equal("DeadlineDiffers", Error("$Machine | Wait-SpotTrainingInstance", ErrorCategory.InvalidOperation));
        Assert.Equal("running", session.Require("$Machine | Set-SpotTrainingDeadline -AddHours 0.1 | Wait-SpotTrainingInstance -For Ready").Output[0].Properties["State"].Value);
        session.Require("$null = $Machine | Invoke-TrainingCommand 'sudo systemctl stop spottrainer-deadline.timer'");
        Assert.Equal("DeadlineNotArmed", Error("$Machine | Wait-SpotTrainingInstance", ErrorCategory.SecurityError));

        session.Require("$null = $Machine | Invoke-TrainingCommand 'sudo systemd-run spottrainer-watchdog end'");
        var ended = Assert.Single(session.Require("$Machine | Wait-SpotTrainingInstance -For Terminated").Output);
        Assert.Equal("terminated", ended.Properties["State"].Value);
        Assert.Equal("InstanceShutDown", Error("$Machine | Wait-SpotTrainingInstance", ErrorCategory.ResourceUnavailable));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_wait_terminates_an_instance_without_a_deadline_only_if_it_was_never_seen_to_hold_one(bool seen)
    {
        Launch("unarmed", "-MaxHours 1 -NoWait");
        session.Require(seen
            ? "$null = $Machine | Wait-SpotTrainingInstance"
            : "$until = [datetime]::UtcNow.AddSeconds(60); while ([datetime]::UtcNow -lt $until -and -not "
                + "($Machine | Invoke-TrainingCommand 'test -e /var/lib/spottrainer/deadline && echo yes' -ErrorAction Ignore)) { }");
        session.Require("$null = $Machine | Invoke-TrainingCommand 'sudo systemctl stop spottrainer-deadline.timer'");

        // $Machine is the instance as it was at the launch.
        Assert.Equal("DeadlineNotArmed", Error("$Machine | Wait-SpotTrainingInstance", ErrorCategory.SecurityError));
        var now = session.Require("$Machine | Get-SpotTrainingInstance").Output[0].Properties["State"].Value;
        Assert.Equal(seen, now is "running");
        session.Require("$Machine | Get-SpotTrainingInstance | Remove-SpotTrainingInstance");
    }

    private void Launch(string name, string options) => session.Require(
        $"$global:Machine = Find-SpotOffer -InstanceType m7i.large -First 3 | New-SpotTrainingInstance -Name {name} {options}");

    private object? Value(string property) => session.Require("$Machine").Output[0].Properties[property].Value;

    private string Text(string expression) => (string)session.Require(expression).Output[0].BaseObject;

    private DateTimeOffset Deadline(string script, params (string Name, object Value)[] arguments) =>
        (DateTimeOffset)Assert.Single(session.Require(script, arguments).Output).Properties["Deadline"].Value;

    /// <summary>Requires that both the instance and its tag hold a deadline.</summary>
    private void RequireHeld(DateTimeOffset deadline)
    {
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"deadline={deadline.ToUnixTimeSeconds()}\n"), Text(Status),
            StringComparison.Ordinal);
        Assert.Contains("\narmed=yes\n", Text(Status), StringComparison.Ordinal);
        Assert.Equal(deadline, Deadline("$Machine | Get-SpotTrainingInstance"));
    }

    /// <summary>Runs a script that must report errors, and returns the ID of the first error.</summary>
    private string Error(string script, ErrorCategory category, (string Name, object Value)? argument = null, int errors = 1)
    {
        var result = session.Run(script, argument is { } given ? [given] : []);
        Assert.Equal(errors, result.Errors.Count);
        var error = result.Errors[0];
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.NotEmpty(ModuleResult.NextStep(error));
        return error.FullyQualifiedErrorId.Split(',')[0];
    }
}
