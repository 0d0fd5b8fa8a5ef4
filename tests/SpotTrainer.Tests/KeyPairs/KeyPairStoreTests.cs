using Amazon.EC2.Model;
using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.KeyPairs;
using SpotTrainer.Keys;
using SpotTrainer.Putty;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.KeyPairs;

/// <summary>No private key is lost or left behind, regardless of what EC2 answers and what the network loses.</summary>
[Trait("Speed", "Slow")]
public sealed class KeyPairStoreTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly RecordingLog log = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task An_import_whose_response_was_lost_is_recognized_by_its_fingerprint_when_it_is_repeated()
    {
        await using var endpoint = new TestEndpoint();
        await using var proxy = new LossyProxy(endpoint.Endpoint.Url, "Action=ImportKeyPair", losses: 1);
        using var cloud = Cloud(endpoint, proxy.Url);
        var pair = await KeyPairStore.CreateAsync(cloud, TestEndpoint.Region, new NewKeyPair("lost"), log.Context, Stop);
        Assert.True(proxy.Lost.IsCompleted);
        Assert.Equal(TrainingKeyPairState.Matched, pair.State);
        Assert.Equal(Assert.Single(await PairsAsync(endpoint)).KeyPairId, pair.KeyPairId);
        Assert.Equal(pair.Fingerprint, PrivateKeyReader.Read(pair.KeyPath).Fingerprint);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task An_import_that_was_never_answered_keeps_the_only_file_that_may_match()
    {
        await using var endpoint = new TestEndpoint();
        await using var proxy = new LossyProxy(endpoint.Endpoint.Url, "Action=ImportKeyPair");
        using var cloud = Cloud(endpoint, proxy.Url);
        var error = await Assert.ThrowsAnyAsync<Exception>(
            () => KeyPairStore.CreateAsync(cloud, TestEndpoint.Region, new NewKeyPair("lost", Putty: true), log.Context, Stop));
        Assert.Equal("ConnectionFailed", ErrorTranslation.Translate(error, target: null).Id);
        Assert.StartsWith("warning: EC2 may or may not have the public key of 'lost'", Assert.Single(log.Lines), StringComparison.Ordinal);
        Assert.Single(await PairsAsync(endpoint));
        Assert.True(File.Exists(KeyPairStore.PathOf(cloud, "lost")));
    }

    [Fact]
    public async Task An_import_that_EC2_refuses_leaves_no_file()
    {
        await using var endpoint = new TestEndpoint();
        using var stranger = new CloudContext(
            new BasicAWSCredentials("AKIDNOBODY", "made-for-tests"), TestEndpoint.Region, endpoint.Endpoint.Url.ToString(), folder.Path,
            "000000000000");
        await Assert.ThrowsAnyAsync<Exception>(
            () => KeyPairStore.CreateAsync(stranger, TestEndpoint.Region, new NewKeyPair("refused", Putty: true), log.Context, Stop));
        Assert.Empty(Directory.GetFiles(stranger.KeyFolder));

        // A key pair from another computer has the name.
        using var cloud = Cloud(endpoint);
        await endpoint.NewKeyPairAsync("taken");
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => KeyPairStore.CreateAsync(cloud, TestEndpoint.Region, new NewKeyPair("taken", Putty: true), log.Context, Stop));
        Assert.Equal("KeyPairExists", error.Id);
        Assert.Empty(Directory.GetFiles(cloud.KeyFolder));
        Assert.Empty(log.Lines);
    }

    [Theory]
    [InlineData("ECDSA", null, "AlgorithmNotImportable")]
    [InlineData("RSA", 256, "BitsInvalid")]
    [InlineData("ECDSA", 2048, "BitsInvalid")]
    [InlineData("Ed25519", 256, "BitsInvalid")]
    public async Task What_cannot_be_created_is_refused_before_anything_is_done(string algorithm, int? bits, string id)
    {
        await using var endpoint = new TestEndpoint();
        using var cloud = Cloud(endpoint);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => KeyPairStore.CreateAsync(cloud, TestEndpoint.Region, new NewKeyPair("none", algorithm, bits), log.Context, Stop));
        Assert.Equal((id, ErrorKind.InvalidArgument), (error.Id, error.Kind));
        Assert.False(Directory.Exists(cloud.KeyFolder));
        Assert.Empty(await PairsAsync(endpoint));
    }

    [Fact]
    public async Task A_launch_refuses_a_key_that_others_can_read_that_EC2_does_not_accept_or_that_does_not_match()
    {
        await using var endpoint = new TestEndpoint();
        using var cloud = Cloud(endpoint);
        var keys = new KeyPairFolder(cloud.KeyFolder);
        keys.Make(new NewKeyPair("ecdsa", "ECDSA", 521));
        Assert.Equal("AlgorithmNotImportable", await ErrorAsync(() => EnsureAsync("ecdsa")));
        keys.Make(new NewKeyPair("open"));
        File.SetUnixFileMode(keys.PathOf("open"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Equal("KeyTooOpen", await ErrorAsync(() => EnsureAsync("open")));
        Assert.Empty(await PairsAsync(endpoint));
        await endpoint.NewKeyPairAsync("other");
        keys.Make(new NewKeyPair("other"));
        Assert.Equal("KeyPairDiffers", await ErrorAsync(() => EnsureAsync("other")));

        Task<TrainingKeyPair> EnsureAsync(string name) => KeyPairStore.EnsureAsync(cloud, TestEndpoint.Region, name, log.Context, Stop);
    }

    [Fact]
    public async Task First_launches_at_the_same_time_share_the_key_pair_that_one_of_them_creates()
    {
        await using var endpoint = new TestEndpoint();
        for (var round = 0; round < 10; round++)
        {
            var name = $"first{round}";
            using var together = new Barrier(4);
            var pairs = await Task.WhenAll(Enumerable.Range(0, together.ParticipantCount).Select(_ => Task.Factory.StartNew(async () =>
            {
                // Each has a cloud of its own, like a process.
                using var cloud = Cloud(endpoint);
                together.SignalAndWait(Stop);
                return await KeyPairStore.EnsureAsync(cloud, TestEndpoint.Region, name, log.Context, Stop);
            }, Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
            var kept = PrivateKeyReader.Read(pairs[0].KeyPath).Fingerprint;
            Assert.All(pairs, pair => Assert.Equal(kept, pair.Fingerprint));
            Assert.Single(await PairsAsync(endpoint), pair => pair.KeyName == name);
        }
    }

    [Fact]
    public async Task Launches_at_the_same_time_with_a_key_of_the_users_own_share_its_copy()
    {
        await using var endpoint = new TestEndpoint();
        using var cloud = Cloud(endpoint);
        var own = folder.Write("own.pem", System.Text.Encoding.UTF8.GetString(
            OpenSshKeyFormat.Write(SshPrivateKey.MakeEd25519("made-for-tests"), passphrase: null)));
        File.SetUnixFileMode(own, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        for (var round = 0; round < 10; round++)
        {
            Directory.Delete(Directory.CreateDirectory(cloud.KeyFolder).FullName, recursive: true);
            using var together = new Barrier(4);
            var names = await Task.WhenAll(Enumerable.Range(0, together.ParticipantCount).Select(_ => Task.Factory.StartNew(() =>
            {
                together.SignalAndWait(Stop);
                return new KeyPairFolder(cloud.KeyFolder).Adopt(own);
            }, Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            Assert.All(names, name => Assert.Equal("own", name));
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task The_public_key_decides_if_EC2_shows_a_fingerprint_in_another_form(bool isSame, bool fits)
    {
        await using var endpoint = new TestEndpoint();
        var (key, other) = (SshPrivateKey.MakeEd25519("made-for-tests"), SshPrivateKey.MakeEd25519("made-for-tests"));
        await endpoint.Ec2.ImportKeyPairAsync(new ImportKeyPairRequest
        {
            KeyName = "form", PublicKeyMaterial = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes((isSame ? key : other).PublicLine)),
        }, Stop);
        const string Form = "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff";
        var shown = Assert.Single(await PairsAsync(endpoint)).KeyFingerprint;
        await using var proxy = new LossyProxy(
            endpoint.Endpoint.Url, "Action=DescribeKeyPairs", change: text => text.Replace(shown, Form, StringComparison.Ordinal));
        using var cloud = Cloud(endpoint, proxy.Url);
        var pair = (await Ec2KeyPair.FindAsync(cloud, TestEndpoint.Region, "form", Stop))!;
        Assert.Equal(Form, pair.Fingerprint);
        Assert.Equal(fits, pair.Holds(key));
    }

    [Fact]
    public async Task A_removal_that_EC2_does_not_carry_out_is_an_error_and_keeps_the_private_key()
    {
        await using var endpoint = new TestEndpoint();
        using var direct = Cloud(endpoint);
        var made = await KeyPairStore.CreateAsync(direct, TestEndpoint.Region, new NewKeyPair("stays"), log.Context, Stop);

        // EC2 answers the deletion of another key pair, so this one stays.
        const string Done = "<DeleteKeyPairResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>made-for-tests</requestId><return>true</return></DeleteKeyPairResponse>";
        await using var proxy = new LossyProxy(
            endpoint.Endpoint.Url, "Action=DeleteKeyPair", forwards: false,
            instead: $"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {Done.Length}\r\nConnection: close\r\n\r\n{Done}");
        using var cloud = Cloud(endpoint, proxy.Url);
        var fast = new RecordingLog { Time = new FastClock(20) };
        var removal = await KeyPairRemoval.PlanAsync(
            cloud, TestEndpoint.Region, new KeyPairFolder(cloud.KeyFolder), "stays", new KeyPairRemovalOptions(false, true, false),
            fast.Context, Stop);
        Assert.Equal("KeyPairLeft", await ErrorAsync(() => removal.RunAsync(Stop)));
        Assert.True(File.Exists(made.KeyPath));
    }

    [Fact]
    public async Task A_launch_right_after_the_key_pair_was_created_waits_until_EC2_lists_it()
    {
        await using var endpoint = new TestEndpoint(conditions: Conditions.None with { NotFoundFor = TimeSpan.FromSeconds(1.5) });
        using var cloud = Cloud(endpoint);
        var made = await KeyPairStore.CreateAsync(cloud, TestEndpoint.Region, new NewKeyPair("new"), log.Context, Stop);
        Assert.Empty(await PairsAsync(endpoint));
        Assert.Equal(made.Fingerprint, (await KeyPairStore.EnsureAsync(cloud, TestEndpoint.Region, "new", log.Context, Stop)).Fingerprint);
        Assert.Equal(made.KeyPairId, Assert.Single(await PairsAsync(endpoint)).KeyPairId);
    }

    [Fact]
    public async Task A_key_pair_in_use_in_any_region_is_not_removed()
    {
        await using var endpoint = new TestEndpoint();
        using var cloud = Cloud(endpoint);
        await KeyPairStore.CreateAsync(cloud, TestEndpoint.Region, new NewKeyPair("used"), log.Context, Stop);
        await KeyPairStore.EnsureAsync(cloud, "us-west-2", "used", log.Context, Stop);
        var instance = await endpoint.RunningAsync(request => request.KeyName = "used", "us-west-2");
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => PlanAsync(cloud, "used"));
        Assert.Equal(("KeyPairInUse", ErrorKind.ResourceBusy), (error.Id, error.Kind));
        Assert.Contains($"{instance.InstanceId} (running in us-west-2)", error.Message, StringComparison.Ordinal);

        // That instance does not use the public key of this region.
        Assert.DoesNotContain("private key", (await PlanAsync(cloud, "used", cloudOnly: true)).Action, StringComparison.Ordinal);
        Assert.Contains("private key", (await PlanAsync(cloud, "used", force: true)).Action, StringComparison.Ordinal);

        await endpoint.In("us-west-2").TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [instance.InstanceId] }, Stop);
        await endpoint.InStateAsync(instance.InstanceId, Amazon.EC2.InstanceStateName.Terminated, "us-west-2");
        Assert.Equal(TrainingKeyPairState.Removed, (await (await PlanAsync(cloud, "used")).RunAsync(Stop)).State);
        Assert.Empty(await PairsAsync(endpoint));
        Assert.Empty(Directory.GetFiles(cloud.KeyFolder));
    }

    [Fact]
    public async Task A_private_key_stays_while_a_region_cannot_be_checked()
    {
        await using var endpoint = new TestEndpoint(conditions: Conditions.None with { Dead = [new DeadRegion("us-west-2", Closes: true)] });
        using var cloud = Cloud(endpoint);
        await KeyPairStore.CreateAsync(cloud, TestEndpoint.Region, new NewKeyPair("kept"), log.Context, Stop);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => PlanAsync(cloud, "kept"));
        Assert.Equal("KeyPairUseUnknown", error.Id);
        Assert.Contains("us-west-2", error.Message, StringComparison.Ordinal);

        // The public key of a region that answers can go: the private key serves the others.
        Assert.DoesNotContain("private key", (await PlanAsync(cloud, "kept", cloudOnly: true)).Action, StringComparison.Ordinal);
        Assert.Contains("private key", (await PlanAsync(cloud, "kept", force: true)).Action, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_file_with_a_name_that_EC2_refuses_gets_another_name()
    {
        var keys = new KeyPairFolder(folder["keys"]);
        Assert.Equal("key", Adopt("\u043a\u043b\u044e\u0447.pem"));
        Assert.Matches("^key-[A-Za-z0-9]{8}$", Adopt(" key.pem"));

        string Adopt(string name)
        {
            var path = folder.Write(name, System.Text.Encoding.UTF8.GetString(
                OpenSshKeyFormat.Write(SshPrivateKey.MakeEd25519("made-for-tests"), passphrase: null)));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return keys.Adopt(path);
        }
    }

    [Fact]
    public async Task A_removal_that_EC2_did_not_confirm_keeps_the_private_key()
    {
        await using var endpoint = new TestEndpoint();
        await using var proxy = new LossyProxy(endpoint.Endpoint.Url, "Action=DeleteKeyPair");
        using var cloud = Cloud(endpoint, proxy.Url);
        var pair = await KeyPairStore.CreateAsync(cloud, TestEndpoint.Region, new NewKeyPair("kept", Putty: true), log.Context, Stop);
        var removal = await PlanAsync(cloud, "kept");
        await Assert.ThrowsAnyAsync<Exception>(() => removal.RunAsync(Stop));
        Assert.True(File.Exists(pair.KeyPath));
        Assert.True(File.Exists(pair.PuttyKeyPath));
    }

    [Fact]
    public async Task A_removal_deletes_the_key_pair_that_it_checked_and_not_a_later_one_with_its_name()
    {
        await using var endpoint = new TestEndpoint();
        using var cloud = Cloud(endpoint);
        await KeyPairStore.CreateAsync(cloud, TestEndpoint.Region, new NewKeyPair("name"), log.Context, Stop);
        var removal = await PlanAsync(cloud, "name", cloudOnly: true);
        await endpoint.Ec2.DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyName = "name" }, Stop);
        var later = await endpoint.NewKeyPairAsync("name");
        await removal.RunAsync(Stop);
        Assert.Equal(later.KeyPairId, Assert.Single(await PairsAsync(endpoint)).KeyPairId);
    }

    [Fact]
    public async Task The_PuTTY_file_is_deleted_with_the_key_that_it_holds_and_kept_with_another()
    {
        await using var endpoint = new TestEndpoint();
        using var cloud = Cloud(endpoint);
        var keys = new KeyPairFolder(cloud.KeyFolder);
        var key = keys.Make(new NewKeyPair("same", Putty: true));
        Assert.Null(keys.Delete("same", key));
        Assert.Empty(Directory.GetFiles(cloud.KeyFolder));

        key = keys.Make(new NewKeyPair("other"));
        var putty = Path.ChangeExtension(keys.PathOf("other"), ".ppk");
        PuttyKeyConversion.Write(
            SshPrivateKey.MakeEd25519("made-for-tests"), "made-for-tests", putty, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(putty, keys.Delete("other", key));
        Assert.Equal([putty], Directory.GetFiles(cloud.KeyFolder));
    }

    [Theory]
    [InlineData("../up")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    public async Task A_name_that_leads_out_of_the_folder_is_refused(string name)
    {
        await using var endpoint = new TestEndpoint();
        using var cloud = Cloud(endpoint);
        Assert.Equal("NameInvalid", await ErrorAsync(() => PlanAsync(cloud, name)));
        Assert.Equal("NameInvalid", await ErrorAsync(() => KeyPairStore.EnsureAsync(cloud, TestEndpoint.Region, name, log.Context, Stop)));
        Assert.Equal(
            "NameInvalid",
            Assert.Throws<SpotTrainerException>(
                () => KeyPairStore.CreateLocal(cloud: null, new KeyPairFolder(folder.Path), new NewKeyPair(name))).Id);
    }

    [Theory]
    [InlineData("con")]
    [InlineData("COM1")]
    [InlineData("nul.key")]
    [InlineData("a:b")]
    [InlineData("what?")]
    public async Task A_name_that_no_file_can_have_on_windows_is_refused_on_every_system(string name)
    {
        await using var endpoint = new TestEndpoint();
        using var cloud = Cloud(endpoint);
        var keys = new KeyPairFolder(cloud.KeyFolder);
        Assert.Equal("NameInvalid", await ErrorAsync(() => KeyPairStore.EnsureAsync(cloud, TestEndpoint.Region, name, log.Context, Stop)));
        Assert.Equal("NameInvalid", await ErrorAsync(
            () => KeyPairStore.CreateAsync(cloud, TestEndpoint.Region, new NewKeyPair(name), log.Context, Stop)));
        Assert.Equal("NameInvalid", Assert.Throws<SpotTrainerException>(
            () => KeyPairStore.CreateLocal(cloud: null, keys, new NewKeyPair(name))).Id);

        // A copy of the user's own file is a new file, too.
        var own = Path.Combine(folder.Path, name + ".pem");
        PrivateFile.Write(own, OpenSshKeyFormat.Write(SshPrivateKey.MakeEd25519("made-for-tests"), passphrase: null), overwrite: false);
        Assert.Equal("NameInvalid", Assert.Throws<SpotTrainerException>(() => keys.Adopt(own)).Id);
        Assert.Empty(keys.Names());
        Assert.Empty(await PairsAsync(endpoint));

        // One that is there already, perhaps since an older version, can still be used.
        File.Move(own, Path.Combine(Directory.CreateDirectory(cloud.KeyFolder).FullName, name + ".pem"));
        Assert.Equal(name, (await KeyPairStore.EnsureAsync(cloud, TestEndpoint.Region, name, log.Context, Stop)).Name);
    }

    private static async Task<string> ErrorAsync(Func<Task> call) => (await Assert.ThrowsAsync<SpotTrainerException>(call)).Id;

    private static async Task<List<KeyPairInfo>> PairsAsync(TestEndpoint endpoint) =>
        (await endpoint.Ec2.DescribeKeyPairsAsync(new DescribeKeyPairsRequest(), Stop)).KeyPairs;

    private Task<KeyPairRemoval> PlanAsync(CloudContext cloud, string name, bool cloudOnly = false, bool force = false) => KeyPairRemoval.PlanAsync(
        cloud, TestEndpoint.Region, new KeyPairFolder(cloud.KeyFolder), name,
        new KeyPairRemovalOptions(cloudOnly, force, MayTakeOthers: false), log.Context, Stop);

    private CloudContext Cloud(TestEndpoint endpoint, string? url = null) => new(
        new BasicAWSCredentials(endpoint.Endpoint.AccessKeyId, endpoint.Endpoint.SecretAccessKey), TestEndpoint.Region, url
            ?? endpoint.Endpoint.Url.ToString(),
        folder.Path, "000000000000");
}
