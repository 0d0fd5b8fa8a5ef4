using System.Management.Automation;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Every step that accepts a host also accepts the name or ID of an instance.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class HostReferenceTests(RehearsalSession session)
{
    [Fact]
    public void A_name_or_an_id_selects_the_instance_as_an_argument_and_from_the_pipeline()
    {
        const string Launch = """
            $null = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name named -Count 2 -MaxHours 1
            $null = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name twice -MaxHours 1 -NoWait
            $null = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name twice -MaxHours 1 -NoWait
            (Get-SpotTrainingInstance named-1).InstanceId
            """;
        var id = (string)Assert.Single(session.Require(Launch).Output).BaseObject;

        Assert.Equal("in\n", Output("(Invoke-TrainingCommand -Result -Instance named-1 -Command 'echo in').Output"));
        Assert.Equal("in\n", Output($"(Invoke-TrainingCommand -Result -Instance {id} -Command 'echo in').Output"));
        Assert.Equal("in\n", Output("('NAMED-1' | Invoke-TrainingCommand -Result 'echo in').Output"));
        Assert.Equal(2, session.Require("'named-1', 'named-2' | Invoke-TrainingCommand -Result 'echo in'").Output.Count);
        Assert.Equal(2, session.Require("Invoke-TrainingCommand -Result -Instance named-1, named-2 -Command 'echo in'").Output.Count);
        Assert.Equal(
            2, session.Require(
                "Invoke-TrainingCommand -Result -Instance (Get-SpotTrainingInstance named-1), named-2 -Command 'echo in'").Output.Count);
        Assert.Contains(
            "What if", Output("Remove-SpotTrainingInstance -Instance named-1 -WhatIf 6>&1; 'What if'"), StringComparison.Ordinal);

        // A name that is not found or is ambiguous does not stop the others.
        var mixed = session.Run("'nobody', 'twice', 'named-1' | Invoke-TrainingCommand 'echo in'");
        Assert.Single(mixed.Output);
        Assert.Contains("Connect-TrainingHost", mixed.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.Equal(["InstanceNotFound", "InstanceAmbiguous"], mixed.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal(["nobody", "twice"], mixed.Errors.Select(error => error.TargetObject));
        Assert.All(mixed.Errors, error => Assert.NotEmpty(ModuleResult.NextStep(error)));
        Assert.Equal(ErrorCategory.InvalidArgument, mixed.Errors[1].CategoryInfo.Category);
        Assert.Single(session.Run("Invoke-TrainingCommand -Instance '' -Command 'echo in'").Errors);

        var completed = session.Require("[System.Management.Automation.CommandCompletion]::CompleteInput('Wait-SpotTrainingInstance -Instance name', 40, $null).CompletionMatches.CompletionText");
        Assert.Contains("named-1", completed.Output.Select(one => (string)one.BaseObject));

        // A wait does not count toward the limit, so the running instance does not delay the one that has ended.
        session.Require("$null = Remove-SpotTrainingInstance -Instance named-2 -Confirm:$false");
        var ended = session.Require(
            "$ended = Get-SpotTrainingInstance named-2 -IncludeTerminated; $found = $null; "
            + "(Get-SpotTrainingInstance named-1), $ended | Wait-SpotTrainingInstance -For Terminated -ThrottleLimit 1 -Timeout 120 | ForEach-Object { $_.Name; break }");
        Assert.Equal("named-2", Assert.Single(ended.Output).BaseObject);
        session.Require("$null = Get-SpotTrainingInstance named-1, twice | Remove-SpotTrainingInstance -Confirm:$false");
    }

    [Fact]
    public void A_hundred_references_take_as_many_calls_as_one()
    {
        session.Require("""
            $global:Many = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name many -MaxHours 1
            $global:Saved = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($Many))
            """);
        // An instance that is launched meanwhile is found.
        Assert.Equal(["many", "later"], session.Require("""
            & {
                'many'
                $null = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name later -MaxHours 1 -NoWait
                'later'
            } | Wait-SpotTrainingInstance | ForEach-Object Name
            """).Output.Select(one => one.BaseObject));
        var once = Calls("'many' | Invoke-TrainingCommand true -WhatIf");
        Assert.Equal(once, Calls("@('many') * 100 | Invoke-TrainingCommand true -WhatIf"));
        Assert.Equal(once, Calls("@($Many.InstanceId) * 100 | Invoke-TrainingCommand true -WhatIf"));
        Assert.Equal(1, Calls("$Saved | Invoke-TrainingCommand true -WhatIf"));
        Assert.Equal(2, Calls("@($Saved) * 100 | Invoke-TrainingCommand true -WhatIf"));
        Assert.Equal(1, Calls("@($Many) * 100 | Set-SpotTrainingDeadline -AddHours 0.1 -WhatIf"));
        Assert.Equal(1, Calls("@($Many) * 100 | Remove-SpotTrainingInstance -WhatIf"));
        Assert.Equal(1, Calls("$Many | Get-SpotTrainingInstance"));
        Assert.InRange(Calls("@($Many) * 100 | Get-SpotTrainingInstance"), 1, 20);
        Assert.Equal(1, Calls("@($Many) * 100 | Get-SpotTrainingCost"));
        Assert.Equal(100, session.Require("@($Many) * 100 | Get-SpotTrainingCost").Output.Count);
        session.Require("$null = 'many', 'later' | Remove-SpotTrainingInstance -Confirm:$false");

        int Calls(string script)
        {
            var before = session.Calls("DescribeInstances");
            session.Require(script);
            return session.Calls("DescribeInstances") - before;
        }
    }

    private string Output(string script) => string.Concat(session.Require(script).Output);
}
