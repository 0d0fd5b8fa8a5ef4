using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>What crossed a process (Import-Clixml, Start-Job, $using:) works in the next step, and nothing in it is believed.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class CrossProcessTests(RehearsalSession session)
{
    /// <summary>As a job process returns objects: one level deep, unless the type says otherwise.</summary>
    private const string Functions = """
        function Copy-Object { process { [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($_, 1)) } }

        """;

    [Fact]
    public void An_offer_a_key_pair_an_instance_and_the_output_of_a_step_work_in_the_next_step()
    {
        const string Script = Functions + """
            $pair = New-TrainingKeyPair -Name crossed | Copy-Object
            $offers = Find-SpotOffer -InstanceType m7i.large -First 2 | Copy-Object
            $machine = $offers | New-SpotTrainingInstance -Name crossed -KeyPair $pair -MaxHours 1
            $copy = $machine | Copy-Object
            $result = $copy | Invoke-TrainingCommand -Result 'echo one'
            $result.Output
            ($result | Copy-Object | Invoke-TrainingCommand -Result 'echo two').Output
            (Invoke-TrainingCommand -Result -Instance $copy -Command 'echo three').Output
            (Invoke-TrainingCommand -Result -Instance ([string]$copy) -Command 'echo four').Output
            ($copy | Get-SpotTrainingInstance).InstanceId -eq $machine.InstanceId
            ($copy | Get-SpotTrainingCost).InstanceId -eq $machine.InstanceId
            ($machine | Get-SpotTrainingCost | Copy-Object | Get-SpotTrainingInstance).Name
            ($copy | Wait-SpotTrainingInstance).KeyName
            ($offers | Get-SpotPrice).InstanceType | Select-Object -Unique
            (Remove-SpotTrainingInstance cros*).State
            ($pair | Remove-TrainingKeyPair -Confirm:$false).State
            """;
        Assert.Equal(
            ["one\n", "two\n", "three\n", "four\n", true, true, "crossed", "crossed", "m7i.large", "terminated", "Removed"],
            session.Require(Script).Output.Select(one => one.BaseObject is Enum state ? state.ToString() : one.BaseObject));
    }

    [Fact]
    public void An_object_of_another_cloud_is_refused_and_its_endpoint_is_never_called()
    {
        const string Script = Functions + """
            $machine = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name elsewhere -MaxHours 1 -NoWait
            $copy = $machine | Copy-Object
            foreach ($change in @{ Endpoint = $url }, @{ Endpoint = $null; Account = '123456789012' }, @{ Account = '123456789012' }, @{ Region = "x.example/#" }) {
                $other = $copy | Copy-Object
                foreach ($name in $change.Keys) { $other.$name = $change[$name] }
                $other | Invoke-TrainingCommand 'echo in'
            }
            $offer = Find-SpotOffer -InstanceType m7i.large -First 1 | Copy-Object
            $offer.Endpoint = $url
            $offer | New-SpotTrainingInstance -WhatIf
            $machine | Remove-SpotTrainingInstance | Out-Null
            """;
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var result = session.Run(Script, ("url", $"http://127.0.0.1:{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}/"));
        Assert.Equal(
            ["OtherCloud", "OtherCloud", "OtherCloud", "UnknownRegion", "OtherCloud"],
            result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Contains("elsewhere (i-", result.Errors[0].Exception.Message, StringComparison.Ordinal);
        Assert.All(result.Errors, error => Assert.NotEmpty(ModuleResult.NextStep(error)));
        Assert.False(listener.Pending());
    }

    [Fact]
    public void A_security_group_works_in_the_next_step_and_is_looked_up_again()
    {
        const string Script = Functions + """
            $group = New-TrainingSecurityGroup crossed-doors -AllowedCidr 203.0.113.7/32
            $copy = $group | Copy-Object
            $copy.Account -eq $group.Account
            ($copy | Update-TrainingSecurityGroup -AllowedCidr 203.0.113.8/32).AllowedCidrs.Count
            foreach ($given in $copy, $group.Id, 'crossed-doors', 'crossed-d*') {
                (Update-TrainingSecurityGroup -SecurityGroup $given -AllowedCidr 203.0.113.7/32).Id -eq $group.Id
            }
            ($group.Id, 'crossed-doors' | Update-TrainingSecurityGroup -AllowedCidr 203.0.113.7/32).Name
            (Update-TrainingSecurityGroup $group.Id -AllowedCidr 203.0.113.7/32).Name
            """;
        Assert.Equal(
            [true, 2, true, true, true, true, "crossed-doors", "crossed-doors", "crossed-doors"],
            session.Require(Script).Output.Select(one => one.BaseObject));
    }

    [Fact]
    public void A_security_group_or_a_rehearsal_of_another_cloud_is_refused_and_its_endpoint_is_never_called()
    {
        const string Script = Functions + """
            $copy = New-TrainingSecurityGroup crossed-other -AllowedCidr 203.0.113.7/32 | Copy-Object
            foreach ($change in @{ Endpoint = $url }, @{ Endpoint = $null; Account = '123456789012' }, @{ Account = '123456789012' }, @{ Region = "x.example/#" }, @{ Id = 'sg-00000000000000001' }, @{ Id = '*' }) {
                $other = $copy | Copy-Object
                foreach ($name in $change.Keys) { $other.$name = $change[$name] }
                $other | Update-TrainingSecurityGroup -AllowedCidr 203.0.113.9/32
            }
            $rehearsal | Copy-Object | Stop-SpotRehearsal -WhatIf
            Stop-SpotRehearsal $rehearsal.EndpointUrl -WhatIf
            $other = $rehearsal | Copy-Object
            $other.EndpointUrl = $url
            $other | Stop-SpotRehearsal
            $rehearsal.State
            """;
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var result = session.Run(
            Script, ("url", $"http://127.0.0.1:{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}/"), ("rehearsal", session.Rehearsal));
        Assert.Equal(
            ["OtherCloud", "OtherCloud", "OtherCloud", "UnknownRegion", "SecurityGroupNotFound", "SecurityGroupNotFound", "OtherCloud"],
            result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.All(result.Errors, error => Assert.NotEmpty(ModuleResult.NextStep(error)));
        Assert.Equal("running", Assert.Single(result.Output).BaseObject);
        Assert.False(listener.Pending());
    }

    [Fact]
    public void Names_can_be_patterns_and_an_offer_can_be_a_type_and_a_zone()
    {
        const string Script = """
            $zone = (Find-SpotOffer -InstanceType m7i.large -First 1).Zone
            $null = New-SpotTrainingInstance -Offer "m7i.large/$zone" -Count 3 -Name many -MaxHours 1
            (Invoke-TrainingCommand -Result -Instance many-* -Command 'echo in').Output
            (Get-SpotTrainingInstance many-1 | Select-Object Instance*, Region | Invoke-TrainingCommand -Result 'echo selected').Output
            (Remove-SpotTrainingInstance many-?).Count
            """;
        var result = session.Require(Script);
        Assert.Equal(
            ["in\n", "in\n", "in\n", "selected\n", 3], result.Output.Select(one => one.BaseObject));
        var wrong = session.Run("Invoke-TrainingCommand -Instance nobody-* -Command id; New-SpotTrainingInstance -Offer m7i.large/us-east-1z -WhatIf; New-SpotTrainingInstance -Offer m7i.large -WhatIf");
        Assert.Equal(
            ["InstanceNotFound", "OfferGone", "ParameterArgumentTransformationError"],
            wrong.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
    }

    [Fact]
    public void An_instance_that_is_gone_is_an_error_of_its_own_at_once()
    {
        const string Script = Functions + """
            $lost = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name lost -MaxHours 1
            $removed = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name removed -MaxHours 1
            $off = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name off -MaxHours 1
            $null = $off, $lost, $removed | Invoke-TrainingCommand id
            $null = Set-SpotRehearsal -Interrupt -Instance $lost -Notice 0
            $null = $removed | Remove-SpotTrainingInstance
            $null = $off | Invoke-TrainingCommand 'sudo systemd-run spottrainer-watchdog end'
            $null = $lost, $off | Wait-SpotTrainingInstance -For Terminated
            $lost, $removed, $off | ForEach-Object { Invoke-TrainingCommand -Instance $_ -Command id }
            Invoke-TrainingCommand -Instance ($lost | Copy-Object) -Command id
            """;
        var result = session.Run(Script);
        Assert.Equal(
            ["InstanceInterrupted", "InstanceRemoved", "InstanceShutDown", "InstanceInterrupted"],
            result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.StartsWith("AWS took lost (i-", result.Errors[0].Exception.Message, StringComparison.Ordinal);
    }
}
