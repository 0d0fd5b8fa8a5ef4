using System.Management.Automation;
using Amazon.EC2.Model;
using SpotTrainer.Foundation;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>An instance's own host key replaces the one from its user data, even if a client is killed at any step.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class OwnHostKeyTests(RehearsalSession session)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Debian 13 has no service that could be told of a new key: systemd starts one for each connection.</summary>
    [Theory]
    [InlineData("ubuntu-24.04")]
    [InlineData("debian-13")]
    public async Task After_a_launch_the_host_key_from_the_user_data_is_no_longer_served(string image)
    {
        var launch = session.Require($"New-SpotTrainingInstance m7i.large -Name own -MaxHours 1 -Image {image}");
        var instance = launch.Output[0];
        Assert.DoesNotContain(launch.Warnings, warning => warning.Contains("host key", StringComparison.Ordinal));
        var pinned = Assert.Single((string[])instance.Properties["HostKeys"].Value);
        Assert.Equal(pinned, await TagAsync(instance));
        var served = Text("$instance | Invoke-TrainingCommand -Result 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key; ls /etc/ssh'", instance);
        Assert.Contains(pinned, served, StringComparison.Ordinal);
        Assert.DoesNotContain(".own", served, StringComparison.Ordinal);

        // The host key from the user data is no longer accepted.
        var first = Text("$instance | Invoke-TrainingCommand -Result 'cat /var/lib/cloud/instance/user-data.txt'", instance);
        Assert.Contains("ed25519_private", first, StringComparison.Ordinal);
        var publicLine = first.Split('\n').Single(line => line.Contains("ed25519_public", StringComparison.Ordinal))
            .Split("ed25519_public: ")[1];
        var error = Assert.Single(session.Run(
            "Connect-TrainingHost $i.HostName $i.UserName -Port $i.Port -KeyPath $i.KeyPath -HostKey $key", ("i", instance),
            ("key", publicLine)).Errors);
        Assert.StartsWith("HostKeyMismatch,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        session.Require("$instance | Remove-SpotTrainingInstance", ("instance", instance));
    }

    /// <param name="killed">The step after which the first client was killed.</param>
    [Theory]
    [InlineData("launch")]
    [InlineData("make")]
    [InlineData("tag")]
    [InlineData("serve")]
    public async Task Another_session_logs_in_and_finishes_what_a_killed_client_started(string killed)
    {
        var instance = session.Require("New-SpotTrainingInstance m7i.large -Name killed -MaxHours 1 -NoWait").Output[0];
        var first = Assert.Single((string[])instance.Properties["HostKeys"].Value);
        Assert.Equal($"pending {first}", await TagAsync(instance));
        await Programs.UntilAsync(
            () =>
            {
                instance = session.Require("Get-SpotTrainingInstance killed").Output[0];
                return Task.FromResult(
                    (string)instance.Properties["State"].Value == "running"
                        && session.Run("$instance | Invoke-TrainingCommand -Result true", ("instance", instance)).Errors.Count == 0);
            },
            () => "the instance never accepted our login");

        var own = string.Empty;
        if (killed != "launch")
        {
            own = Step(instance, $"make {first}").Trim();
            Assert.NotEqual(first, own);
        }

        if (killed is "tag" or "serve")
        {
            await session.Client().CreateTagsAsync(
                new CreateTagsRequest { Resources = [(string)instance.Properties["InstanceId"].Value],
                    Tags = [new Tag("spottrainer:hostkey", $"pending {first} {own}")] }, Stop);
        }

        if (killed == "serve")
        {
            Step(instance, "serve");
        }

        // The tag as it is now is enough to log in, whichever key is served. A server that has just reloaded its keys may refuse for a
        // moment.
        await Programs.UntilAsync(
            () => Task.FromResult(session.Run("Get-SpotTrainingInstance killed | Invoke-TrainingCommand true").Errors.Count == 0), () =>
                "nobody could log in");
        var ready = session.Require("Get-SpotTrainingInstance killed | Wait-SpotTrainingInstance").Output[0];
        var pinned = Assert.Single((string[])ready.Properties["HostKeys"].Value);
        Assert.Equal(pinned, await TagAsync(ready));
        Assert.NotEqual(first, pinned);
        Assert.True(killed == "launch" || pinned == own, $"{pinned} {own}");
        Assert.Equal(
            ready.Properties["HostKeys"].Value,
            session.Require("Get-SpotTrainingInstance killed | Wait-SpotTrainingInstance").Output[0].Properties["HostKeys"].Value);
        session.Require("Get-SpotTrainingInstance killed | Invoke-TrainingCommand true");
        session.Require("$instance | Remove-SpotTrainingInstance", ("instance", ready));
    }

    private string Step(PSObject instance, string arguments)
    {
        // Runs the script as the module does. The session's own connection must not keep using the first key.
        var script = EmbeddedScript.Read("own_hostkey.sh");
        return Text(
            $"$instance | Invoke-TrainingCommand -Result -Command $script", instance,
            ("script", $"sudo sh -s {arguments} << 'SCRIPT'\n{script}SCRIPT\n"));
    }

    private string Text(string script, PSObject instance, params (string Name, object Value)[] more) =>
        (string)Assert.Single(session.Require(script, [("instance", instance), .. more]).Output).Properties["Output"].Value;

    private async Task<string> TagAsync(PSObject instance) => (await session.Client().DescribeTagsAsync(
        new DescribeTagsRequest { Filters = [new Filter("resource-id", [(string)instance.Properties["InstanceId"].Value]),
            new Filter("key", ["spottrainer:hostkey"])] }, Stop)).Tags[0].Value;
}
