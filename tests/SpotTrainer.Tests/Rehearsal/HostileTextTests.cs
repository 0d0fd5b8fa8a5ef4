using System.Management.Automation;
using System.Text;
using System.Text.Json;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Conda;
using SpotTrainer.Doors;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Jobs;
using SpotTrainer.Jupyter;
using SpotTrainer.KeyPairs;
using SpotTrainer.Keys;
using SpotTrainer.Launch;
using SpotTrainer.Notebooks;
using SpotTrainer.Putty;
using SpotTrainer.Remote;
using SpotTrainer.Sweep;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal;

/// <summary>
/// Nothing that AWS, a host, or a file says reaches the terminal as a control sequence: in tables, lists, warnings, and errors.
/// </summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class HostileTextTests(RehearsalSession session)
{
    /// <summary>A title (OSC), a color (CSI in C1), a deletion, and text from right to left.</summary>
    private const string Hostile = "a\u001b]0;b\u0007c\u009b31md\u007fe\u202ef";

    /// <summary>The same in XML 1.0, which has no escape character.</summary>
    private const string InXml = "c\u009b31md\u007fe\u202ef";

    private const string Mark = "mark";

    private const string BidiControls = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_EC2_says_of_names_and_owners_is_shown_harmless_and_is_still_removed()
    {
        await using var test = new TestCloud();
        var ec2 = test.Endpoint.In(test.Cloud.Region);
        var owner = new Tag(ModuleTags.Owner, Mark);
        await ec2.CreateSecurityGroupAsync(
            new CreateSecurityGroupRequest
            {
                GroupName = Mark, Description = "made for tests",
                TagSpecifications = Tagged(ResourceType.SecurityGroup, new Tag(Door.PurposeTag, Mark), owner),
            }, Stop);
        await ImportAsync(ec2, Mark, owner);
        var launch = TestEndpoint.Launch(
            request =>
            {
                request.KeyName = Mark;
                var deadline = new Tag(ModuleTags.Deadline, ModuleTags.Moment(DateTimeOffset.UtcNow.AddHours(1)));
                request.TagSpecifications = Tagged(ResourceType.Instance, owner, new Tag(ModuleTags.Name, Mark), deadline);
            }, test.Cloud.Region);
        await ec2.RunInstancesAsync(launch, Stop);

        await using var proxy = new LossyProxy(
            test.Endpoint.Endpoint.Url, "Describe", change: answer => answer.Replace(Mark, InXml, StringComparison.Ordinal));
        using var cloud = test.ContextOf(proxy.Url);
        var instance = Assert.Single(await InstanceReader.ListAsync(cloud, cloud.Region, [], test.Context, Stop));
        var spared = await new ResourceSweep(cloud, [cloud.Region], allOwners: false, costingOnly: false, test.Context).FindAsync(Stop);
        Assert.All(spared, resource => Assert.Contains("It belongs to c\\x9b31m", resource.Reason, StringComparison.Ordinal));
        var sweep = new ResourceSweep(cloud, [cloud.Region], allOwners: true, costingOnly: false, test.Context);
        object[] shown =
        [
            instance, new SpotTrainingCost(instance), .. spared,
            Assert.Single(await SecurityGroupStore.ListAsync(cloud, cloud.Region, ["*"], Stop)),
            Assert.Single(await KeyPairList.ListAsync(
                cloud, cloud.Region, new KeyPairFolder(cloud.KeyFolder), name => name == InXml, test.Context, Stop)),
            new TrainingReceipt(cloud.Where, [cloud.Region], [], spared, DateTimeOffset.Now),
        ];
        RequireHarmless(shown);

        // What is shown differs from what EC2 has, and is removed all the same.
        var found = await sweep.FindAsync(Stop);
        Assert.Equal(3, found.Count);
        var receipt = await sweep.RemoveAsync(found, found, Stop);
        Assert.True(receipt.Clean, string.Join('\n', receipt.Left.Select(left => $"{left}: {left.Reason}")));
        Assert.Empty((await ec2.DescribeKeyPairsAsync(Stop)).KeyPairs);
    }

    [Fact]
    public async Task A_key_pair_whose_name_no_terminal_should_get_is_never_made_but_can_be_removed()
    {
        await using var test = new TestCloud();
        var ec2 = test.Endpoint.In(test.Cloud.Region);
        var folder = new KeyPairFolder(test.Cloud.KeyFolder);
        Assert.All(["pay\u202egp", "a\u009b31m", "a\u007f", "\u2066a", "a\u200fb"], name =>
            Assert.Equal("NameInvalid", Assert.Throws<SpotTrainerException>(() => folder.Make(new NewKeyPair(name))).Id));

        // EC2 itself takes ASCII only, which has few of them.
        foreach (var name in new[] { "a\u007f", "\u007f31m" })
        {
            await ImportAsync(ec2, name);
            var pair = Assert.Single(await KeyPairList.ListAsync(test.Cloud, test.Cloud.Region, folder, _ => true, test.Context, Stop));
            Assert.NotEqual(name, pair.Name);
            RequireHarmless(pair);
            var removal = await KeyPairRemoval.PlanAsync(
                test.Cloud, test.Cloud.Region, folder, pair.ExactName,
                new KeyPairRemovalOptions(CloudOnly: false, Force: false, MayTakeOthers: false), test.Context, Stop);
            RequireHarmless(await removal.RunAsync(Stop));
            Assert.Empty((await ec2.DescribeKeyPairsAsync(Stop)).KeyPairs);
        }
    }

    [Fact]
    public void What_hosts_and_files_say_is_shown_harmless()
    {
        using var files = new TemporaryFolder();
        using var cloud = new CloudContext(
            new BasicAWSCredentials("made-for-tests", "made-for-tests"), "us-east-1", "http://127.0.0.1:1/", files.Path, "000000000000");
        var entry = new LedgerEntry(
            "i-1" + Hostile, Hostile, Hostile, Hostile, Hostile, Hostile, Hostile, Hostile, DateTimeOffset.UtcNow.AddHours(-2),
            DateTimeOffset.UtcNow.AddHours(-1), Hostile, 1, 1, 1, 1);
        files.Write("ledger.jsonl", JsonSerializer.Serialize(entry) + "\n");
        var remembered = Assert.Single(InstanceLedger.Read(files.Path));
        var host = new TrainingHost("127.0.0.1", 22, "me", keyPath: null, []);
        var job = new TrainingJob(
            host, "job-1", Hostile + ".py", "~/spottrainer/jobs/job-1",
            new JobStatus(Hostile, 1, 1, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow, Hostile));
        var key = SshPrivateKey.MakeEd25519(Hostile);
        var package = new CondaPackage(Hostile, Hostile, Hostile, Hostile);
        var problem = new LeftOut(Hostile, LeftOutReason.InTheWay, Hostile);
        RequireHarmless(
            new SpotTrainingCost(remembered, cloud), job,
            new TrainingResult(
                job, "/results",
                [new TransferredFile(host, Hostile, TransferState.Transferred, 1, Hostile)], [new TransferProblem(problem)],
                new Dictionary<string, object>(StringComparer.Ordinal)),
            new TransferProblem(problem), new TransferredFile(host, Hostile, TransferState.Failed, null, Hostile),
            new CondaStack(
                host, CondaReport.Read(JsonSerializer.Serialize(new
                {
                    prefix = Hostile, conda = Hostile, python = Hostile, platform = Hostile, pip = Array.Empty<object>(), errors = Array.Empty<object>(),
                    packages = new[] { new { name = Hostile, version = Hostile, build = Hostile, channel = Hostile } },
                })), [package], new Dictionary<string, TimeSpan>(StringComparer.Ordinal)),
            package,
            new ServerReport(
                $"version {Hostile}\nroot {Hostile}\nkind {Hostile}\nprefix {Hostile}\n"
                + $"kernels {JsonSerializer.Serialize(new[] { new { id = "1", name = Hostile, execution_state = Hostile } })}\n"
                + $"sessions {JsonSerializer.Serialize(new[] { new { path = Hostile, kernel = new { id = "1" } } })}\n")
                .ToServer(host, "~/conda", "running", "AB"),
            new TrainingCommandResult(host, "true", new CommandEnd(0, null), Hostile, Hostile, TimeSpan.Zero),
            new PlanCheck("image", PlanResult.Failed, Hostile, Hostile), new PuttyKey("a.ppk", "a.pem", key, encrypted: false, 3));

        // Scripts get what the command wrote.
        Assert.Equal(Hostile, new TrainingCommandResult(host, "true", new CommandEnd(0, null), Hostile, Hostile, TimeSpan.Zero).Output);
    }

    [Fact]
    public void What_a_notebook_says_is_shown_harmless()
    {
        using var files = new TemporaryFolder();
        var data = new Dictionary<string, string>(StringComparer.Ordinal) { [Hostile] = Hostile };
        string[] tags = [Hostile];
        var path = files.Write("a.ipynb", JsonSerializer.Serialize(new
        {
            cells = new[]
            {
                new
                {
                    cell_type = "code", metadata = new { tags }, source = Hostile,
                    outputs = new object[] { new { output_type = Hostile, data } },
                },
                new { cell_type = Hostile, metadata = new { tags }, source = Hostile, outputs = Array.Empty<object>() },
            },
            metadata = new { kernelspec = new { name = Hostile, display_name = Hostile, language = Hostile } },
            nbformat = 4,
            nbformat_minor = 4,
        }));
        var notebook = NotebookReader.Read(path);
        RequireHarmless([
            notebook, .. notebook.Cells, .. notebook.Cells[0].Outputs,
            new NotebookFinding(path, 1, 1, FindingSeverity.Error, "ImportMissing", Hostile, Hostile, Hostile),
        ]);
        Assert.Contains("\\x1b]0;", notebook.Cells[0].Source, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_machine_says_is_shown_harmless()
    {
        const string Bytes = @"a\033]0;b\007c\302\23331md\177e\342\200\256f";
        session.Require(
            "$global:Rogue = Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name rogue -MaxHours 1");
        RequireHarmless(Assert.Single(session.Require(
            "$Rogue | Invoke-TrainingCommand -Result $command", ("command", $"printf '{Bytes}'")).Output));
        session.Require("$null = $Rogue | Install-CondaStack -Package notebook");

        // A job whose runner is killed leaves only its log, and a prefix belongs to whoever can write there.
        var script = session.Folder.Write("rogue.py", """
            import os
            runner = os.getppid()
            with open(f'/proc/{runner}/fd/1', 'a', encoding='utf-8') as log:
                log.write('a\x1b]0;b\x07c\x9b31md\x7fe\u202ef\n')
            os.kill(runner, 9)

            """);
        const string conda = """
            sed -i 's/"conda": "[^"]*"/"conda": "a\\u001b]0;b\\u0007c\\u009b31md\\u007fe\\u202ef"/' spottrainer/conda/.spottrainer/base.result
            """;
        var result = session.Run(
            """
            $job = $Rogue | Start-TrainingJob -Path $script
            $job | Wait-TrainingJob
            $null = $Rogue | Invoke-TrainingCommand $replace
            $Rogue | Install-CondaStack -Package notebook
            $Rogue | Invoke-TrainingCommand "printf '$bytes' >&2; exit 3"
            $null = $Rogue | Remove-SpotTrainingInstance
            """,
            ("script", script), ("bytes", Bytes), ("replace", conda));
        Assert.Equal(
            ["SpotTrainer.Jobs.TrainingJob", "SpotTrainer.Conda.CondaStack"],
            result.Output.Select(one => one.BaseObject.GetType().FullName));
        RequireHarmless([.. result.Output]);
        Assert.Contains("Last output: a\\x1b]0;b", (string)result.Output[0].Properties["Error"].Value, StringComparison.Ordinal);
        Assert.Contains("c\\x9b31m", (string)result.Output[1].Properties["CondaVersion"].Value, StringComparison.Ordinal);
        Assert.Equal(["JobFailed", "RemoteCommandFailed"], result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        RequireHarmless([.. result.Errors, .. result.Warnings]);
    }

    [Fact]
    public async Task What_a_cmdlet_asks_about_is_shown_harmless()
    {
        var (_, output, error) = await ShellProcess.RunAsync(
            "-Command", "New-TrainingKeyPair \"a$([char]0x202e)b$([char]0x9b)31m\" -LocalOnly -WhatIf");
        Assert.Contains("a\\u202eb\\x9b31m", output, StringComparison.Ordinal);
        Assert.DoesNotContain(output + error, letter => letter is '\u202e' or '\u009b');
    }

    /// <summary>Requires that neither a table, a list, nor a property of the objects has a control character.</summary>
    private void RequireHarmless(params object[] objects)
    {
        foreach (var item in objects)
        {
            var text = string.Concat(session.Require(
                "$item | Out-String -Width 400; $item | Format-Table | Out-String -Width 400; $item | Format-List | Out-String -Width 400",
                ("item", item)).Output.Select(part => (string)part.BaseObject))

                // PowerShell's own colors.
                .Replace("\u001b[32;1m", string.Empty, StringComparison.Ordinal)
                .Replace("\u001b[31;1m", string.Empty, StringComparison.Ordinal)
                .Replace("\u001b[0m", string.Empty, StringComparison.Ordinal);
            text += string.Concat(PSObject.AsPSObject(item).Properties
                .Where(property => property.Name is not (nameof(TrainingCommandResult.Output) or nameof(TrainingCommandResult.ErrorOutput))
                    && (item is not TransferredFile || property.Name != nameof(TransferredFile.Path)))
                .Select(property => property.Value as string));
            Assert.True(text.Length > 3, $"{item} is not shown.");
            Assert.DoesNotContain(
                text, letter => letter is not ('\n' or '\r' or '\t')
                    && (char.IsControl(letter) || BidiControls.Contains(letter, StringComparison.Ordinal)));
        }
    }

    private static Task ImportAsync(IAmazonEC2 ec2, string name, params Tag[] tags) => ec2.ImportKeyPairAsync(
        new ImportKeyPairRequest
        {
            KeyName = name,
            PublicKeyMaterial = Convert.ToBase64String(Encoding.UTF8.GetBytes(SshPrivateKey.MakeEd25519(name).PublicLine)),
            TagSpecifications = Tagged(ResourceType.KeyPair, [new Tag(Ec2KeyPair.KeyTag, name), .. tags]),
        }, Stop);

    private static List<TagSpecification> Tagged(ResourceType type, params Tag[] tags) =>
        [new TagSpecification { ResourceType = type, Tags = [.. tags] }];
}
