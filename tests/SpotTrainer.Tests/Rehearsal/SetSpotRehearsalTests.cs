using System.Management.Automation;
using System.Text;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal;

/// <summary>A user makes the rehearsal go wrong and sees how the module reacts.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class SetSpotRehearsalTests(RehearsalSession session) : IDisposable
{
    private const string Launch = "$offers = Find-SpotOffer -MinVCpu 2 -Architecture x86_64 -First 2; ";

    public void Dispose() => session.Require("Set-SpotRehearsal -Reset");

    [Fact]
    public async Task An_interruption_shows_on_the_machine_and_ends_it()
    {
        var instance = Assert.Single(session.Require(Launch + "$offers | New-SpotTrainingInstance -Name interrupted -MaxHours 1").Output);
        try
        {
            const string read =
                "TOKEN=$(curl -sX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token); "
                + "for path in spot/instance-action events/recommendations/rebalance; do curl -s -o /dev/null -w '%{http_code} ' -H \"X-aws-ec2-metadata-token: $TOKEN\" http://169.254.169.254/latest/meta-data/$path; done";
            Assert.Equal("404 404", Metadata());
            session.Require("$instance | Set-SpotRehearsal -Rebalance", ("instance", instance));
            Assert.Equal("404 200", Metadata());

            var given = session.Require("$instance | Set-SpotRehearsal -Interrupt -Notice 0:0:5", ("instance", instance)).Output;
            Assert.Equal(instance.Properties["InstanceId"].Value, Assert.Single(given).Properties["InstanceId"].Value);
            var id = (string)instance.Properties["InstanceId"].Value;
            using var ec2 = session.Client();
            Amazon.EC2.Model.Instance? ended = null;
            await Programs.UntilAsync(
                async () =>
                    (ended = (await ec2.DescribeInstancesAsync(
                        new Amazon.EC2.Model.DescribeInstancesRequest { InstanceIds = [id] },
                        TestContext.Current.CancellationToken)).Reservations[0].Instances[0])
                    .State.Name == Amazon.EC2.InstanceStateName.Terminated,
                () => $"the state is {ended?.State.Name}");
            Assert.Equal("Server.SpotInstanceTermination", ended!.StateReason.Code);
            var console = await ec2.GetConsoleOutputAsync(
                new Amazon.EC2.Model.GetConsoleOutputRequest { InstanceId = id }, TestContext.Current.CancellationToken);
            Assert.EndsWith(
                "reboot: Power down\n", Encoding.UTF8.GetString(Convert.FromBase64String(console.Output)), StringComparison.Ordinal);

            var charge = Assert.Single(
                session.Require(
                    "$rehearsal.Charges | Where-Object InstanceId -eq $id", ("rehearsal", session.Rehearsal), ("id", id)).Output);
            Assert.Equal((true, 0m), (charge.Properties["Waived"].Value, charge.Properties["Compute"].Value));
            Assert.NotNull(charge.Properties["End"].Value);

            string Metadata() => ((string)session.Require(
                "(Invoke-TrainingCommand -Result -Instance $instance -Command $command).Output", ("instance", instance),
                ("command", read)).Output[0].BaseObject).Trim();
        }
        finally
        {
            session.Run("$instance | Remove-SpotTrainingInstance -Confirm:$false", ("instance", instance));
        }
    }

    [Fact]
    public void Without_capacity_a_launch_tries_the_next_offer_and_fails_if_there_is_none()
    {
        var zones = session.Require("Find-SpotOffer -InstanceType m5.large -First 2").Output;
        var (first, second) = (Zone(zones[0]), Zone(zones[1]));
        session.Require("Set-SpotRehearsal -NoCapacity $zone", ("zone", $"m5.large/{first}"));
        var launched = session.Require("$offers | New-SpotTrainingInstance -Name second -MaxHours 1", ("offers", zones.ToArray())).Output;
        session.Require("$instance | Remove-SpotTrainingInstance -Confirm:$false", ("instance", launched[0]));
        Assert.Equal(second, launched[0].Properties["Zone"].Value);

        session.Require("Set-SpotRehearsal -NoCapacity us-east-1, m5.*");
        var refused = session.Run("$offers | New-SpotTrainingInstance -Name none -MaxHours 1", ("offers", zones.ToArray()));
        Assert.StartsWith("NoCapacity,", Assert.Single(refused.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);

        static string Zone(PSObject offer) => (string)offer.Properties["Zone"].Value;
    }

    [Fact]
    public void Each_refusal_is_reported()
    {
        Assert.StartsWith("QuotaExceeded,", ErrorOf("-SpotQuota 1"), StringComparison.Ordinal);
        Assert.StartsWith("QuotaExceeded,", ErrorOf("-Quota @{ 'l-34b43a08' = 1 }"), StringComparison.Ordinal);
        Assert.StartsWith("NotAllowed,", ErrorOf("-DenyAction ec2:RunInstances"), StringComparison.Ordinal);
        Assert.StartsWith("NoDefaultVpc,", ErrorOf("-NoDefaultVpc us-*"), StringComparison.Ordinal);
    }

    [Fact]
    public void Prices_change_at_once_and_can_be_reset()
    {
        var before = Price();
        session.Require("Set-SpotRehearsal -Price @{ 'm5.large' = 3 }");
        var after = Price();
        Assert.InRange(after - (3 * before), -0.0002m, 0.0002m);
        session.Require("Set-SpotRehearsal -Reset");
        Assert.Equal(before, Price());

        decimal Price() => (decimal)session.Require(
            "(Find-SpotOffer -InstanceType m5.large | Where-Object Zone -eq us-east-1a).Price").Output[0].BaseObject;
    }

    [Fact]
    public void Invalid_input_is_an_error_and_WhatIf_changes_nothing()
    {
        Assert.StartsWith("UnknownQuota,", Id("Set-SpotRehearsal -Quota @{ 'L-1' = 1 }"), StringComparison.Ordinal);
        Assert.StartsWith("NumberInvalid,", Id("Set-SpotRehearsal -Price @{ 'm5.large' = 'expensive' }"), StringComparison.Ordinal);
        Assert.StartsWith("NumberInvalid,", Id("Set-SpotRehearsal -Price @{ 'm5.large' = 0 }"), StringComparison.Ordinal);
        Assert.StartsWith(
            "NotAnInstance,", Id("$thing | Set-SpotRehearsal -Interrupt", ("thing", session.HostOfTheModule())), StringComparison.Ordinal);
        session.Require("Set-SpotRehearsal -DenyAction * -WhatIf");
        Assert.NotEmpty(session.Require("Find-SpotOffer -First 1").Output);

        string Id(string script, params (string, object)[] arguments) =>
            Assert.Single(session.Run(script, arguments).Errors).FullyQualifiedErrorId;
    }

    private string ErrorOf(string conditions)
    {
        session.Require("Set-SpotRehearsal -Reset " + conditions);
        return Assert.Single(
            session.Run(Launch + "$offers[0] | New-SpotTrainingInstance -Name refused -MaxHours 1").Errors).FullyQualifiedErrorId;
    }
}
