using System.Management.Automation;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal;

/// <summary>The cmdlets as a user types them, on real machines of a rehearsal.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class StepTests(RehearsalSession session)
{
    private const string Launch =
        "Find-SpotOffer -MinVCpu 2 -Architecture x86_64 -First 3 | New-SpotTrainingInstance -Name $name -MaxHours 1";

    [Fact]
    public void The_pipeline_trains_a_notebook_and_fetches_its_results()
    {
        session.Folder.Write("numbers.csv", "1\n2\n3\n");
        var notebook = session.Notebook("sum.ipynb",
            "total = sum(int(line) for line in open('data/numbers.csv'))",
            "import json\njson.dump({'total': total, 'kind': 'sum'}, open('metrics.json', 'w'))\nprint('the total is', total)");
        var destination = Path.Combine(session.Folder.Path, "results");
        var result = session.Require(
            Launch + """
             | Install-CondaStack -Package notebook, scikit-learn | Send-TrainingData -Path $data | Start-TrainingJob -Path $notebook |
                Wait-TrainingJob | Receive-TrainingResult -Destination $destination | Remove-SpotTrainingInstance
            """,
            ("name", "pipeline"), ("data", Path.Combine(session.Folder.Path, "numbers.csv")), ("notebook", notebook),
            ("destination", destination));
        var removed = Assert.Single(result.Output);
        Assert.Equal("terminated", removed.Properties["State"].Value);
        Assert.Equal("rehearsal", removed.Properties["Where"].Value);
        Assert.True((decimal)removed.Properties["Cost"].Value > 0);
        Assert.True((decimal)removed.Properties["OnDemandCost"].Value > (decimal)removed.Properties["Cost"].Value);
        Assert.Contains("the total is 6", File.ReadAllText(Path.Combine(destination, "sum.ipynb")), StringComparison.Ordinal);
        Assert.Contains("\"total\": 6", File.ReadAllText(Path.Combine(destination, "metrics.json")), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(destination, "data")));
        Assert.Empty(Directory.GetFiles(destination, "*.part"));
    }

    [Fact]
    public void A_cell_that_raises_is_one_error_and_the_executed_notebook_is_still_fetched()
    {
        var notebook = session.Notebook("raises.ipynb", "x = 1", "raise ValueError('too few rows')  # here", "print('never')");
        var destination = Path.Combine(session.Folder.Path, "raised");
        var result = session.Run(
            "$instance = " + Launch + """

            $job = $instance | Install-CondaStack -Package notebook | Start-TrainingJob -Path $notebook
            $job | Wait-TrainingJob | Receive-TrainingResult -Destination $destination
            $null = $instance | Remove-SpotTrainingInstance
            """,
            ("name", "raises"), ("notebook", notebook), ("destination", destination));
        var error = Assert.Single(result.Errors);
        Assert.StartsWith("JobFailed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidResult, error.CategoryInfo.Category);
        Assert.Contains("cell 2", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("ValueError: too few rows", error.ToString(), StringComparison.Ordinal);
        Assert.Equal("SpotTrainer.Jobs.TrainingJob", error.TargetObject.GetType().FullName);
        Assert.Contains("too few rows", File.ReadAllText(Path.Combine(destination, "raises.ipynb")), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>The job is told apart from one that the user stopped, while AWS's notice stands there and after the instance is gone.</summary>
    [Theory]
    [InlineData("0:0:30", "$job.Id", "JobFailed", "was interrupted on")]
    [InlineData("0", "$job", "InstanceInterrupted", "AWS took ")]
    public void An_interrupted_job_is_told_from_a_stopped_one(string notice, string which, string id, string message)
    {
        var script = session.Folder.Write("waits.py", "import time\nopen('begun', 'w').close()\ntime.sleep(600)\n");
        var result = session.Run(
            "$instance = " + Launch + """

            $job = $instance | Install-CondaStack -Package notebook | Start-TrainingJob -Path $script
            $null = $instance | Invoke-TrainingCommand 'until test -s spottrainer/control/*/status.json; do sleep 0.1; done'
            $null = $instance | Set-SpotRehearsal -Interrupt -Notice $notice
            # job | Wait-TrainingJob
            $null = $instance | Remove-SpotTrainingInstance
            """.Replace("# job", which, StringComparison.Ordinal),
            ("name", "taken"), ("script", script), ("notice", notice));
        Assert.Equal("interrupted", Assert.Single(result.Output).Properties["State"].Value);
        var error = Assert.Single(result.Errors);
        Assert.StartsWith(id, error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Start-TrainingJob -Instance $unreachableHost -Path /nowhere/none.ipynb", "NotebookNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Start-TrainingJob -Instance $unreachableHost -Path /etc/hostname", "NotebookInvalid", ErrorCategory.InvalidData)]
    [InlineData("Send-TrainingData -Instance $unreachableHost -Path /nowhere/none.csv", "DataNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Find-SpotOffer -InstanceType z99.huge", "UnknownInstanceType", ErrorCategory.ObjectNotFound)]
    [InlineData("Find-SpotOffer -MinVCpu 2 -MaxPrice 0.0001", "NoOfferUnderPrice", ErrorCategory.LimitsExceeded)]
    [InlineData("Find-SpotOffer -MinGpu 60", "NoOffer", ErrorCategory.ObjectNotFound)]
    [InlineData("New-SpotTrainingInstance -InstanceType m7i.large -Budget 0.001", "BudgetTooSmall", ErrorCategory.LimitsExceeded)]
    [InlineData("New-SpotTrainingInstance -InstanceType m7i.large -MaxPrice 0.0001", "NoOfferUnderPrice", ErrorCategory.LimitsExceeded)]
    [InlineData("ConvertTo-PuttyKey -LiteralPath /etc/hostname", "KeyUnreadable", ErrorCategory.InvalidData)]
    [InlineData("ConvertTo-PuttyKey -Path /nowhere/none.pem", "KeyNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData(
        "Connect-TrainingHost 127.0.0.1 somebody -Port 9 -KeyPath $key -HostKey SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "HostUnreachable", ErrorCategory.ConnectionError)]
    [InlineData("Connect-TrainingHost 127.0.0.1 somebody -Port 9 -KeyPath /etc/hostname -HostKey SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "KeyUnreadable", ErrorCategory.InvalidData)]
    [InlineData("Connect-TrainingHost nobody.invalid somebody -KeyPath $key", "HostNameUnknown", ErrorCategory.ObjectNotFound)]
    [InlineData("Find-SpotOffer -ProfileName somebody", "RehearsalActive", ErrorCategory.InvalidOperation)]
    [InlineData("Find-SpotOffer -EndpointUrl http://127.0.0.1:1", "RehearsalActive", ErrorCategory.InvalidOperation)]
    [InlineData("Start-SpotRehearsal", "RehearsalActive", ErrorCategory.ResourceExists)]
    [InlineData("Remove-SpotTrainingInstance -Instance $unreachableHost", "NotAnInstance", ErrorCategory.InvalidArgument)]
    public void Bad_input_is_one_error_with_an_id_and_a_next_step(string command, string id, ErrorCategory category)
    {
        var key = Path.Combine(session.Folder.Path, "key.pem");
        if (!File.Exists(key))
        {
            PrivateFile.Write(key, OpenSshKeyFormat.Write(SshPrivateKey.MakeEd25519("made-for-tests"), passphrase: null), overwrite: false);
        }

        var before = Running();
        var result = session.Run(command, ("key", key), ("unreachableHost", session.HostOfTheModule()));
        var error = Assert.Single(result.Errors);
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.NotEmpty(ModuleResult.NextStep(error));
        Assert.DoesNotContain("   at ", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Running().Except(before, StringComparer.Ordinal));
    }

    [Fact]
    public void WhatIf_changes_nothing()
    {
        var before = Running();
        Assert.Empty(session.Require(Launch + " -WhatIf", ("name", "whatif")).Output);
        Assert.Empty(session.Require("New-TrainingKeyPair -Name whatif -WhatIf").Output);
        Assert.Empty(Running().Except(before, StringComparer.Ordinal));
    }

    [Fact]
    public void A_machine_can_be_used_step_by_step_and_ends_itself_at_its_deadline()
    {
        session.Require("$global:Machine = " + Launch, ("name", "stepwise"));

        // Another session on this computer finds the instance by its tags and can use it. When that session ends, other sessions' commands
        // keep running.
        using var longer = new ModuleRunspace();
        using var command = longer.Begin("Get-SpotTrainingInstance stepwise | Invoke-TrainingCommand 'touch begun; sleep 3; touch ended'");
        WaitFor("($Machine | Invoke-TrainingCommand -Result 'ls').Output -like '*begun*'", "True");
        using (var other = new ModuleRunspace())
        {
            var found = other.Run("Get-SpotTrainingInstance stepwise | Invoke-TrainingCommand -Result 'id -un'");
            Assert.Empty(found.Errors);
            Assert.Equal("ubuntu\n", Assert.Single(found.Output).Properties["Output"].Value);
        }

        // That session and its module have ended, but the others' connections remain.
        WaitFor("($Machine | Invoke-TrainingCommand -Result 'ls').Output -like '*ended*'", "True");
        Assert.Equal(0, session.Require("$Machine | Invoke-TrainingCommand -Result true").Output[0].Properties["ExitCode"].Value);

        // A failing command reports its exit code and last lines.
        var error = Assert.Single(session.Run("$Machine | Invoke-TrainingCommand 'echo one; echo the disk is full >&2; exit 7'").Errors);
        Assert.StartsWith("RemoteCommandFailed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("exit code 7", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("the disk is full", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(
            7, Assert.Single(
                session.Require("$Machine | Invoke-TrainingCommand -Result 'exit 7' -AllowFailure").Output).Properties["ExitCode"].Value);

        // A host key other than the pinned one.
        error = Assert.Single(session.Run(
            "Connect-TrainingHost $Machine.HostName $Machine.UserName -Port $Machine.Port -KeyPath $Machine.KeyPath -HostKey SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").Errors);
        Assert.StartsWith("HostKeyMismatch,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.SecurityError, error.CategoryInfo.Category);

        // Packages that the stand-in does not have.
        error = Assert.Single(session.Run("$Machine | Install-CondaStack -Package scikit-learn, lightgbm, hdbscan").Errors);
        Assert.StartsWith("PackagesNotFound,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("lightgbm, hdbscan", error.ToString(), StringComparison.Ordinal);

        // Jupyter refuses to start unsecured. With a password and certificate it listens only on the machine's loopback address.
        session.Require("$null = $Machine | Install-CondaStack -Package notebook");
        error = Assert.Single(session.Run("$Machine | Start-JupyterServer").Errors);
        Assert.StartsWith("JupyterNotSecured,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        session.Require(
            "$global:Server = $Machine | Set-JupyterSecurity -Password $password | Start-JupyterServer",
            ("password", Secure("correct horse")));
        Assert.Equal("302", SignOn("correct horse"));
        Assert.Equal("401", SignOn("wrong horse"));
        Assert.Equal("127.0.0.1", session.Require("$Machine | Invoke-TrainingCommand -Result \"ss -Htln sport = :8888 | awk '{print `$4}' | cut -d: -f1\"").Output[0].Properties["Output"].Value.ToString()!.Trim());
        Assert.DoesNotContain("horse", session.Require("$Machine | Invoke-TrainingCommand -Result 'cat ~/spottrainer/jupyter/*'").Output[0].Properties["Output"].Value.ToString(), StringComparison.Ordinal);

        // The watchdog knows of it, and of a job that runs.
        Assert.Matches(@"^jupyter-\d+ \(Jupyter\)$", Uses());

        // A running server stays on its port even if another is requested. A new password requires stopping it first.
        Assert.Equal(8888, session.Require("$Machine | Start-JupyterServer -Port 9999").Output[0].Properties["Port"].Value);
        error = Assert.Single(session.Run("$Machine | Set-JupyterSecurity | Start-JupyterServer").Errors);
        Assert.StartsWith("JupyterRunning,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("stopped", session.Require("$Server | Stop-JupyterServer").Output[0].Properties["State"].Value);
        Assert.Equal("", Uses());
        session.Require(
            "$global:Job = $Machine | Start-TrainingJob $script",
            ("script", session.Folder.Write("it waits (\u00e9).py", "import time\nopen('begun', 'w').close()\ntime.sleep(600)\n")));
        Assert.Matches(@"^job-\d+ \(a job \(it waits \(\?\?\)\.py\)\)$", Uses());

        // A script that receives SIGTERM writes that it was stopped. Python takes a moment until it can receive one.
        session.Require("$null = $Machine | Invoke-TrainingCommand 'until ls spottrainer/jobs/*/begun; do sleep 0.1; done; kill $(head -n 1 spottrainer/control/*/pid | sed s/\\ .*//)'");
        WaitFor("($Job | Wait-TrainingJob -ErrorAction Ignore).State", "stopped");
        Assert.Equal("", Uses());

        // The watchdog, with a deadline in three seconds. The machine may end before the command returns.
        session.Run("$Machine | Invoke-TrainingCommand 'sudo /usr/local/sbin/spottrainer-watchdog arm $(( $(date +%s) + 3 ))'");
        WaitFor("@(Get-SpotTrainingInstance stepwise*).Count", "0");
        var ended = session.Require("Get-SpotTrainingInstance stepwise -IncludeTerminated").Output[0];
        Assert.Equal("terminated", ended.Properties["State"].Value);
    }

    [Fact]
    public void Ctrl_C_during_a_launch_leaves_no_instance_running()
    {
        using var other = new ModuleRunspace();
        using var launch = other.Begin("$null = " + Launch.Replace("$name", "stopped", StringComparison.Ordinal));
        WaitFor("@(Get-SpotTrainingInstance stopped*).Count", "1");
        launch.Stop();
        WaitFor("@(Get-SpotTrainingInstance stopped* | Where-Object State -in 'pending', 'running').Count", "0");
    }

    [Fact]
    public async Task A_launch_asks_for_safe_settings()
    {
        var stop = TestContext.Current.CancellationToken;
        session.Require(
            "$global:Machine = New-SpotTrainingInstance t3.large -Name safe -MaxHours 1 -MaxPrice 0.08 -Tag @{ project = 'demo' }");
        var id = (string)session.Require("$Machine.InstanceId").Output[0].BaseObject;
        using var ec2 = session.Client();
        var instance = (
            await ec2.DescribeInstancesAsync(new DescribeInstancesRequest { InstanceIds = [id] }, stop)).Reservations[0].Instances[0];
        Assert.Equal(
            (HttpTokensState.Required, 1), (instance.MetadataOptions.HttpTokens, instance.MetadataOptions.HttpPutResponseHopLimit!.Value));
        var volume = Assert.Single((await ec2.DescribeVolumesAsync(
            new DescribeVolumesRequest { Filters = [new Filter("attachment.instance-id", [id])] }, stop)).Volumes);
        Assert.Equal(
            (30, VolumeType.Gp3, true, true),
            (volume.Size!.Value, volume.VolumeType, volume.Encrypted!.Value, volume.Attachments[0].DeleteOnTermination!.Value));
        var request = Assert.Single((await ec2.DescribeSpotInstanceRequestsAsync(
            new DescribeSpotInstanceRequestsRequest { SpotInstanceRequestIds = [instance.SpotInstanceRequestId] },
            stop)).SpotInstanceRequests);
        Assert.Equal(
            (SpotInstanceType.OneTime, InstanceInterruptionBehavior.Terminate), (request.Type, request.InstanceInterruptionBehavior));
        Assert.Equal(0.08m, decimal.Parse(request.SpotPrice, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("standard", Assert.Single((await ec2.DescribeInstanceCreditSpecificationsAsync(
            new DescribeInstanceCreditSpecificationsRequest { InstanceIds = [id] }, stop)).InstanceCreditSpecifications).CpuCredits);
        var rule = Assert.Single(Assert.Single((await ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { GroupIds = [instance.SecurityGroups[0].GroupId] }, stop)).SecurityGroups).IpPermissions);
        Assert.Equal(
            ("tcp", 22, 22, "127.0.0.1/32"),
            (rule.IpProtocol, rule.FromPort!.Value, rule.ToPort!.Value, Assert.Single(rule.Ipv4Ranges).CidrIp));
        foreach (var resource in new[] { id, volume.VolumeId, instance.NetworkInterfaces[0].NetworkInterfaceId,
            request.SpotInstanceRequestId })
        {
            var tags = (
                await ec2.DescribeTagsAsync(new DescribeTagsRequest { Filters = [new Filter("resource-id", [resource])] }, stop)).Tags;
            Assert.Equal(("safe", "demo"), (tags.Single(tag => tag.Key == "Name").Value, tags.Single(tag => tag.Key == "project").Value));
            Assert.Contains(tags, tag => tag.Key == "spottrainer:deadline");
        }

        session.Require("$null = $Machine | Remove-SpotTrainingInstance");
    }

    [Fact]
    public async Task A_launch_closes_the_doors_for_old_addresses_and_for_ranges_of_other_launches()
    {
        var stop = TestContext.Current.CancellationToken;
        session.Require("$null = " + Launch + " -AllowedCidr 198.51.100.0/24 | Remove-SpotTrainingInstance", ("name", "door"));
        using var ec2 = session.Client();
        var find = new DescribeSecurityGroupsRequest { Filters = [new Filter("group-name", [SecurityGroupStore.DefaultName])] };
        session.Require("$null = " + Launch + " | Remove-SpotTrainingInstance", ("name", "door"));
        var group = (await ec2.DescribeSecurityGroupsAsync(find, stop)).SecurityGroups[0];
        var own = group.IpPermissions.SelectMany(rule => rule.Ipv4Ranges).Single(range => range.CidrIp == "127.0.0.1/32").Description;
        await ec2.AuthorizeSecurityGroupIngressAsync(
            new AuthorizeSecurityGroupIngressRequest
            {
                GroupId = group.GroupId,
                IpPermissions = [new IpPermission { IpProtocol = "tcp", FromPort = 22, ToPort = 22,
                    Ipv4Ranges = [new IpRange { CidrIp = "203.0.113.9/32", Description = own }] }],
            }, stop);
        session.Require("$null = " + Launch + " | Remove-SpotTrainingInstance", ("name", "door"));
        group = (await ec2.DescribeSecurityGroupsAsync(find, stop)).SecurityGroups[0];
        Assert.Equal("127.0.0.1/32", Assert.Single(group.IpPermissions.SelectMany(rule => rule.Ipv4Ranges)).CidrIp);
    }

    [Fact]
    public void Every_object_of_an_instance_refers_back_to_it()
    {
        session.Require("$global:Machine = " + Launch, ("name", "objects"));
        foreach (var step in new[] { "Install-CondaStack -Package notebook", "Set-JupyterSecurity", "Start-JupyterServer",
            "Stop-JupyterServer", "Invoke-TrainingCommand true -Result" })
        {
            var made = Assert.Single(session.Require($"$Machine | {step}").Output);
            Assert.Equal("objects", ((PSObject)PSObject.AsPSObject(made.Properties["Instance"].Value)).Properties["Name"].Value);
        }

        session.Require("$null = $Machine | Remove-SpotTrainingInstance");
    }

    /// <summary>What uses the machine, by the word of its watchdog; nothing that was refused.</summary>
    private string Uses()
    {
        var status = session.Require("$Machine | Invoke-TrainingCommand -Result 'sudo /usr/local/sbin/spottrainer-watchdog status'").Output[0].Properties["Output"].Value.ToString()!;
        var values = status.Split('\n').Where(line => line.Contains('=', StringComparison.Ordinal)).Select(line => line.Split('=', 2))
            .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
        Assert.All(
            values["bad_uses"].Split("; ", StringSplitOptions.RemoveEmptyEntries), use =>
                Assert.EndsWith(" (stale)", use, StringComparison.Ordinal));
        return values["uses"];
    }

    private static System.Security.SecureString Secure(string text)
    {
        var secure = new System.Security.SecureString();
        text.ToList().ForEach(secure.AppendChar);
        return secure;
    }

    /// <summary>Signs in as a browser does and returns the HTTP status.</summary>
    private string SignOn(string password) => session.Require(
        "$Machine | Invoke-TrainingCommand $command -Result",
        ("command", $$"""
            cd /tmp && rm -f jar && c="curl -s --cacert $HOME/spottrainer/jupyter/certificate.pem -b jar -c jar" && $c -o /dev/null https://localhost:8888/login &&
            x=$(awk '$6 == "_xsrf" { print $7 }' jar) && $c -o /dev/null -w '%{http_code}' --data-urlencode "_xsrf=$x" --data-urlencode "password={{password}}" https://localhost:8888/login
            """)).Output[0].Properties["Output"].Value.ToString()!.Trim();

    /// <summary>The running instances. Those of earlier tests may still be shutting down.</summary>
    private string[] Running() =>
        session.Require("Get-SpotTrainingInstance -AllOwners | ForEach-Object InstanceId").Output.Select(id => (string)id.BaseObject)
            .ToArray();

    /// <summary>Repeats an expression until it gives the expected value, for up to a minute.</summary>
    private void WaitFor(string expression, string expected)
    {
        var end = DateTime.UtcNow.AddMinutes(1);
        string given;
        do
        {
            given = $"{session.Require(expression).Output[0]}";
        }
        while (given != expected && DateTime.UtcNow < end);
        Assert.Equal(expected, given);
    }
}
