using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>
/// A host that falls silent while its connection stays open, as an instance does that ends. OpenSSH's own server is behind the relay.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class SilentHostTests : IAsyncLifetime
{
    /// <summary>Without an end of its own, work waits until the system gives the connection up, a quarter of an hour later.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder folder = new();
    private readonly TestCloud test = new();
    private SshServer server = null!;
    private Relay relay = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await SshServer.StartAsync(folder, "-t ed25519", SshServer.Authorize(folder));
        relay = new Relay(server.Port);
    }

    public async ValueTask DisposeAsync()
    {
        test.Context.Session.Dispose();
        relay.Dispose();
        server.Dispose();
        await test.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>Each end of an instance is an error of its own, also for a command that was under way.</summary>
    [Theory]
    [InlineData("interrupted", "InstanceInterrupted")]
    [InlineData("removed", "InstanceRemoved")]
    [InlineData("deadline", "DeadlineReached")]
    [InlineData("off", "InstanceShutDown")]
    public async Task A_command_on_a_host_that_is_gone_ends_with_what_EC2_says(string how, string id)
    {
        var instance = await InstanceAsync(how == "deadline" ? TimeSpan.FromMinutes(1) : TimeSpan.FromHours(1));
        var connection = await SshConnectionPool.GetAsync(instance, test.Context, Stop);
        var running = connection.RunAsync($"touch {folder["started"]}; sleep 600", Stop);
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(folder["started"])), () => "The command did not start.");
        relay.FallSilent();
        await EndAsync(instance, how);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => running.WaitAsync(Limit, Stop));
        Assert.Equal(id, error.Id);
        Assert.Contains(instance.InstanceId, error.Message, StringComparison.Ordinal);
        Assert.Equal(how == "deadline", error.Message.Contains("terminated itself at its deadline", StringComparison.Ordinal));
    }

    /// <summary>AWS gives an address to the next one soon.</summary>
    [Fact]
    public async Task An_instance_whose_address_another_machine_has_is_gone()
    {
        var instance = await InstanceAsync(TimeSpan.FromHours(1), "SHA256:" + new string('A', 43));
        await EndAsync(instance, "interrupted");
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => SshConnection.ConnectAsync(instance, isBooting: false, test.Context, Stop));
        Assert.Equal("InstanceInterrupted", error.Id);
    }

    [Fact]
    public async Task A_connection_that_stood_idle_is_not_believed_and_EC2_is_asked()
    {
        var instance = await InstanceAsync(TimeSpan.FromHours(1));

        // Idle for two seconds is a fifth of a second by this clock.
        var context = new StepContext(test.Log, session: null, new FastClock(10));
        var connection = await SshConnectionPool.GetAsync(instance, context, Stop);
        Assert.Same(connection, await SshConnectionPool.GetAsync(instance, context, Stop));
        relay.FallSilent();
        await EndAsync(instance, "removed");
        SpotTrainerException? error = null;
        await Programs.UntilAsync(
            async () =>
            {
                try
                {
                    await SshConnectionPool.GetAsync(instance, context, Stop);
                }
                catch (SpotTrainerException exception)
                {
                    error = exception;
                }

                return error is not null;
            }, () => "The connection to a host that is gone was given out.");
        Assert.Equal("InstanceRemoved", error!.Id);
        Assert.Equal(1, relay.Connections);
        context.Session.Dispose();
    }

    [Fact]
    public async Task A_connection_that_died_while_it_stood_idle_is_replaced_if_the_host_is_there()
    {
        var instance = await InstanceAsync(TimeSpan.FromHours(1));
        var context = new StepContext(test.Log, session: null, new FastClock(10));
        var connection = await SshConnectionPool.GetAsync(instance, context, Stop);
        relay.FallSilent();
        var before = relay.Connections;
        var getting = Programs.UntilAsync(
            async () => !ReferenceEquals(connection, await SshConnectionPool.GetAsync(instance, context, Stop)),
            () => "It was not replaced.");
        await Programs.UntilAsync(() => Task.FromResult(relay.Connections > before), () => "Nobody connected again.");
        relay.Speak();
        await getting;
        var again = await SshConnectionPool.GetAsync(instance, context, Stop);
        Assert.Equal("in\n", (await again.RunAsync("echo in", Stop)).Output);
        context.Session.Dispose();
    }

    [Fact]
    public async Task A_command_on_a_host_that_is_only_slow_goes_on()
    {
        var instance = await InstanceAsync(TimeSpan.FromHours(1));
        var connection = await SshConnectionPool.GetAsync(instance, test.Context, Stop);
        var running = connection.RunAsync($"touch {folder["started"]}; until test -e {folder["go"]}; do sleep 0.1; done; echo done", Stop);
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(folder["started"])), () => "The command did not start.");
        relay.FallSilent();

        // EC2 is asked once the host was found silent.
        var before = Looks();
        await Programs.UntilAsync(() => Task.FromResult(Looks() > before), () => "EC2 was not asked.");
        folder.Write("go", "");
        relay.Speak();
        Assert.Equal("done\n", (await running.WaitAsync(Limit, Stop)).Output);

        int Looks() => test.Endpoint.Endpoint.Calls.GetValueOrDefault("DescribeInstances");
    }

    /// <summary>Without EC2's word, each call of a file transfer ends at its limit of 30 s, and sooner with Ctrl+C.</summary>
    [Fact]
    public async Task A_file_transfer_with_a_host_that_falls_silent_has_a_limit_and_ends_with_Ctrl_C()
    {
        folder.Write("file", "made for tests");
        File.CreateSymbolicLink(folder["link"], folder["file"]);
        await Task.WhenAll(
            FallsSilentAsync("list", (there, token) => there.ListAsync("", token)),
            FallsSilentAsync("read", (there, token) => there.ReadAsync("file", Stream.Null, token)),

            // More than all buffers on the way hold.
            FallsSilentAsync("write", (there, token) => there.WriteAsync("written", new MemoryStream(new byte[32 * 1024 * 1024]), token)),
            FallsSilentAsync("rename", (there, token) => there.ReplaceAsync("file", "file", token)),
            FallsSilentAsync("create", (there, token) => there.CreateAsync(token, "made")),
            FallsSilentAsync("size", (there, token) => there.FindAsync("link", token)));
    }

    private async Task FallsSilentAsync(string call, Func<RemoteFolder, CancellationToken, Task> ask)
    {
        using var silent = new Relay(server.Port);
        var context = new RecordingLog().Context;
        var host = new TrainingHost("127.0.0.1", silent.Port, Environment.UserName, folder["login"], [server.Fingerprint]);
        var connection = await SshConnectionPool.GetAsync(host, context, Stop);
        var remote = await connection.OpenFolderAsync(folder.Path, Stop);
        await ask(remote, Stop);
        silent.FallSilent();
        using var ctrlC = new CancellationTokenSource();
        var (limited, stopped) = (ask(remote, Stop), ask(remote, ctrlC.Token));
        await silent.Swallowed.WaitAsync(Limit, Stop);
        await ctrlC.CancelAsync();
        var canceled = await Assert.ThrowsAnyAsync<Exception>(() => stopped.WaitAsync(TimeSpan.FromSeconds(20), Stop));
        Assert.True(canceled is OperationCanceledException, $"{call}: {canceled}");
        var error = await Assert.ThrowsAnyAsync<Exception>(() => limited.WaitAsync(Limit, Stop));
        Assert.True(SshErrors.IsLostConnection(error), $"{call}: {error}");
        context.Session.Dispose();
    }

    private async Task<SpotTrainingInstance> InstanceAsync(TimeSpan left, string? hostKey = null)
    {
        var deadline = DateTimeOffset.UtcNow + left;
        var tag = new Tag(ModuleTags.Deadline, ModuleTags.Moment(deadline));
        var machine = await test.Endpoint.RunningAsync(
            request => request.TagSpecifications = [new TagSpecification { ResourceType = ResourceType.Instance, Tags = [tag] }],
            test.Cloud.Region);
        return new SpotTrainingInstance(
            test.Cloud, test.Cloud.Region, "127.0.0.1", relay.Port, Environment.UserName, folder["login"], [hostKey ?? server.Fingerprint])
        {
            InstanceId = machine.InstanceId, Name = "silent", State = "running", Deadline = deadline,
            LaunchTime = DateTimeOffset.UtcNow.AddHours(-1),
        };
    }

    private async Task EndAsync(SpotTrainingInstance instance, string how)
    {
        switch (how)
        {
            case "interrupted":
                await test.Endpoint.Endpoint.InterruptAsync(instance.Region, instance.InstanceId, TimeSpan.Zero);
                break;
            case "removed":
                await test.Endpoint.In(instance.Region).TerminateInstancesAsync(
                    new TerminateInstancesRequest { InstanceIds = [instance.InstanceId] }, Stop);
                break;
            default:
                // The watchdog powers the machine off.
                test.Endpoint.Machines.All[instance.InstanceId].PowerOff();
                break;
        }

        await test.Endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Terminated, instance.Region);
    }
}
