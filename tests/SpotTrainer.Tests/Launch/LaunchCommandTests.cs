using System.Collections;
using Amazon.EC2.Model;
using SpotTrainer.KeyPairs;
using SpotTrainer.Keys;
using SpotTrainer.Money;
using SpotTrainer.Rehearsal.Ec2;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Launch;

/// <summary>Launches, lists, costs, and removes instances with commands as a user types them.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class LaunchCommandTests(RehearsalSession session)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_private_key_of_the_users_own_logs_in_and_only_its_public_key_is_imported()
    {
        // Two keys with the same file name in different folders: one .pem, one .ppk.
        var (first, second) = (SshPrivateKey.MakeEd25519("made-for-tests"), SshPrivateKey.MakeRsa(2048, "made-for-tests"));
        using var folder = new TemporaryFolder();
        var pem = folder.Write("proofmine.pem", System.Text.Encoding.UTF8.GetString(OpenSshKeyFormat.Write(first, passphrase: null)));
        var other = folder.Write("other.pem", System.Text.Encoding.UTF8.GetString(OpenSshKeyFormat.Write(second, passphrase: null)));
        Directory.CreateDirectory(folder["other"]);
        var ppk = Path.Combine(folder["other"], "proofmine.ppk");
        foreach (var file in new[] { pem, other })
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        session.Require("$null = ConvertTo-PuttyKey $other -Destination $ppk", ("other", other), ("ppk", ppk));
        var names = new List<string>();
        foreach (var (file, key) in new[] { (pem, first), (ppk, second), (pem, first) })
        {
            const string Script = """
                $machine = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name proof-key -KeyPath $file -MaxHours 1
                $machine
                ($machine | Invoke-TrainingCommand -Result 'echo in').Output
                $null = $machine | Remove-SpotTrainingInstance
                """;
            var output = session.Require(Script, ("file", file)).Output;
            Assert.Equal("in\n", output[1].BaseObject);
            names.Add((string)output[0].Properties["KeyName"].Value);
            using var ec2 = session.Client();
            var pair = (
                await ec2.DescribeKeyPairsAsync(
                    new DescribeKeyPairsRequest { KeyNames = [names[^1]], IncludePublicKey = true }, Stop)).KeyPairs.Single();
            Assert.True(Ec2Fingerprint.Fits(pair.KeyFingerprint, key));
        }

        Assert.Equal("proofmine", names[0]);
        Assert.Matches("^proofmine-[A-Za-z0-9]{8}$", names[1]);
        Assert.Equal(names[0], names[2]);
    }

    [Fact]
    public void A_budget_is_split_over_the_instances_and_limits_the_deadline_of_each()
    {
        var made = session.Require("Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name proof-count -Count 3 -Budget 0.9 -MaxHours 100 -NoWait").Output;
        Assert.Equal(
            ["proof-count-1", "proof-count-2", "proof-count-3"],
            made.Select(one => (string)one.Properties["Name"].Value).Order(StringComparer.Ordinal));
        foreach (var one in made)
        {
            Assert.Equal(0.3m, one.Properties["Budget"].Value);
            var perHour = new Tariff(
                0, (decimal)one.Properties["HighestPrice"].Value, (decimal?)one.Properties["DiskPrice"].Value,
                (int)one.Properties["VolumeSizeGiB"].Value).MostPerHour!.Value;
            var time = (DateTimeOffset)one.Properties["Deadline"].Value - (DateTimeOffset)one.Properties["LaunchTime"].Value;
            Assert.True((decimal)(time + Tariff.Margin).TotalHours * perHour <= 0.3m);
            Assert.True((decimal)(time + Tariff.Margin + TimeSpan.FromMinutes(1)).TotalHours * perHour > 0.3m);
        }

        session.Require("$null = Get-SpotTrainingInstance proof-count-* | Remove-SpotTrainingInstance");
    }

    [Theory]
    [InlineData("-NoWait | Select-Object -First 1", 1)]
    [InlineData("| Select-Object -First 1", 1)]
    [InlineData("-NoWait | Select-Object -First 2", 2)]
    [InlineData("-NoWait | ForEach-Object { throw 'no' }", 0)]
    public void Instances_that_nobody_received_are_terminated_and_the_others_live(string rest, int delivered)
    {
        var got = session.Require(
            $"try {{ New-SpotTrainingInstance m7i.large -Count 3 -Name proof-taken -MaxHours 1 {rest} }} catch {{ }}").Output;
        Assert.Equal(delivered, got.Count);
        Assert.Equal(
            got.Select(one => (string)one.Properties["InstanceId"].Value).Order(StringComparer.Ordinal),
            session.Require("Get-SpotTrainingInstance -State pending, running | Where-Object Name -like proof-taken-*").Output
                .Select(one => (string)one.Properties["InstanceId"].Value).Order(StringComparer.Ordinal));
        session.Require("$null = Get-SpotTrainingInstance | Where-Object Name -like proof-taken-* | Remove-SpotTrainingInstance");
    }

    [Fact]
    public void An_image_for_another_architecture_is_an_error_before_anything_is_launched()
    {
        const string Script = "Find-SpotOffer -InstanceType m7i.large -Region us-east-1 -First 2 | New-SpotTrainingInstance -Name proof-arch -ImageId $image; Get-SpotTrainingInstance proof-arch*";
        var image = ImageActions.FindByParameter(
            "us-east-1", "/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id")!.Id;
        var result = session.Run(Script, ("image", image));
        Assert.StartsWith("ImageArchitectureWrong,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Lists_are_filtered_costs_are_estimated_for_piped_instances_and_unfetched_results_cause_a_warning()
    {
        const string Launch = """
            $null = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name proof-a -NoWait -MaxHours 1
            $null = Find-SpotOffer -InstanceType c5.large -First 1 | New-SpotTrainingInstance -Name proof-b -NoWait -MaxHours 2
            $null = Get-SpotTrainingInstance proof-? | Wait-SpotTrainingInstance
            """;
        session.Require(Launch);
        Assert.Equal(["proof-a", "proof-b"], Names("Get-SpotTrainingInstance proof-? -State running"));
        Assert.Empty(Names("Get-SpotTrainingInstance proof-? -State terminated, shutting-down"));
        Assert.Equal(["proof-b"], Names("Get-SpotTrainingInstance proof-* -InstanceType c5.*"));
        Assert.Equal(["proof-a", "proof-b"], Names("Get-SpotTrainingInstance proof-? -InstanceType C5.LARGE, m7i.*"));
        Assert.Empty(Names("Get-SpotTrainingInstance proof-? -InstanceType p5.*"));
        Assert.Single(session.Run("Get-SpotTrainingInstance -State walking").Errors);

        // Empty pipeline input produces no output.
        Assert.Empty(
            session.Require(
                "@() | Find-SpotOffer; 1, 2 | Where-Object { $false } | Find-SpotOffer -First 1; @() | New-SpotTrainingInstance").Output);

        // All pipeline input is one query.
        Assert.Equal(3, session.Require("'m7i.large', 'c6i.large' | Find-SpotOffer -First 3").Output.Count);
        Assert.NotEmpty(session.Require("Find-SpotOffer m7i.large -First 1 | Find-SpotOffer").Output);
        Assert.Single(session.Require("'m7i.large' | Test-SpotTrainingPlan").Output);
        Assert.Equal(["InstanceNotFound", "InstanceNotFound"], session.Run("Get-SpotTrainingInstance proof-none; Get-SpotTrainingInstance -InstanceId i-0000000000000000f").Errors
            .Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal(["proof-a"], Names("Get-SpotTrainingInstance (Get-SpotTrainingInstance proof-a)"));
        Assert.Equal(["proof-a", "proof-b"], Names("'proof-a', 'proof-b' | Get-SpotTrainingInstance"));
        Assert.Equal(["proof-a", "proof-b"], session.Require("[System.Management.Automation.CommandCompletion]::CompleteInput('Get-SpotTrainingInstance pro', 28, $null).CompletionMatches.CompletionText | Where-Object { $_ -like 'proof-?' }")
            .Output.Select(name => (string)name.BaseObject).Order(StringComparer.Ordinal));

        var costs = session.Require("Get-SpotTrainingInstance proof-? | Get-SpotTrainingCost").Output;
        Assert.Equal(2, costs.Count);
        Assert.All(costs, cost =>
        {
            var (now, forecast) = ((decimal)cost.Properties["EstimatedCost"].Value, (decimal)cost.Properties["Forecast"].Value);
            Assert.True(now > 0 && forecast > now && (decimal)cost.Properties["EstimatedSaving"].Value > 0);
            Assert.Equal(("EC2", "running"), (cost.Properties["Source"].Value, cost.Properties["State"].Value));
        });

        // By property name: the output of a step has its instance in the property Instance.
        Assert.Equal("proof-b", Assert.Single(session.Require("$costs = Get-SpotTrainingInstance proof-b | Get-SpotTrainingCost; $costs | Get-SpotTrainingCost").Output).Properties["Name"].Value);

        // There is no prompt if confirmation is turned off, or if the session is not interactive.
        using var ec2 = session.Client();
        foreach (var name in new[] { "proof-a", "proof-b" })
        {
            var id = (string)session.Require($"Get-SpotTrainingInstance {name}").Output[0].Properties["InstanceId"].Value;
            await ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [id], Tags = [new Tag("spottrainer:results", "pending")] }, Stop);
        }

        var removed = session.Require("Get-SpotTrainingInstance proof-a | Remove-SpotTrainingInstance -Confirm:$false");
        Assert.Equal("terminated", Assert.Single(removed.Output).Properties["State"].Value);
        Assert.Contains("has results that were not fetched", Assert.Single(removed.Warnings), StringComparison.Ordinal);
        using var folder = new TemporaryFolder();
        var environment = ((IDictionary)session.Rehearsal.Properties["Environment"].Value).Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!, StringComparer.Ordinal);
        using var unattended = ShellProcess.Start(
            [folder.Write("remove.ps1", "(Get-SpotTrainingInstance proof-b | Remove-SpotTrainingInstance).State")], environment);
        Assert.True(await unattended.WaitAsync() == 0, unattended.Output + unattended.Error);
        Assert.Contains("terminated", unattended.Output, StringComparison.Ordinal);
        Assert.Contains("has results that were not fetched", unattended.Output + unattended.Error, StringComparison.Ordinal);
        Assert.Equal(["proof-a", "proof-b"], Names("Get-SpotTrainingInstance proof-? -State terminated"));
    }

    [Fact]
    public void A_job_marks_its_instance_as_having_results_and_fetching_them_removes_the_mark()
    {
        var script = session.Folder.Write("proof.py", "open('out.txt', 'w').write('done')\n");
        const string Begin = """
            $global:Results = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name proof-results -MaxHours 1
            (Get-SpotTrainingInstance proof-results).ResultsPending
            $global:Job = $Results | Install-CondaStack -Package pandas | Start-TrainingJob $script
            (Get-SpotTrainingInstance proof-results).ResultsPending
            $null = $Job | Wait-TrainingJob
            (Get-SpotTrainingInstance proof-results).ResultsPending
            $null = $Job | Receive-TrainingResult -Destination $destination
            (Get-SpotTrainingInstance proof-results).ResultsPending
            """;
        var destination = Path.Combine(session.Folder.Path, "proof-results");
        var output = session.Require(Begin, ("script", script), ("destination", destination)).Output;
        Assert.Equal([false, true, true, false], output.Select(one => (bool)one.BaseObject));
        Assert.Equal("done", File.ReadAllText(Path.Combine(destination, "out.txt")));
        var removed = session.Require("$Results | Remove-SpotTrainingInstance");
        Assert.Equal("terminated", Assert.Single(removed.Output).Properties["State"].Value);
        Assert.Empty(removed.Warnings);
    }

    private IReadOnlyList<string> Names(string script) =>
        [.. session.Require(script).Output.Select(one => (string)one.Properties["Name"].Value).Order(StringComparer.Ordinal)];
}
