using System.Collections;
using System.Globalization;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Launch;

/// <summary>
/// The same as <see cref="NoOrphanTests"/> with real machines of a rehearsal, from the moment when EC2 was asked: another process logs in
/// to what was left, with the host key from its tag, and reads its deadline back. It then shuts itself down, although its watchdog was
/// killed.
/// </summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class NoOrphanMachineTests(RehearsalSession session) : IDisposable
{
    private static readonly int Cases = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 10 : 2;

    private static readonly string[] Account = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"];

    private readonly TemporaryFolder folder = new();
    private readonly List<ShellProcess> clients = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        clients.ForEach(client => client.Dispose());
        folder.Dispose();
    }

    [Fact]
    public async Task Another_process_can_log_in_to_what_a_dead_client_left_and_it_shuts_itself_down()
    {
        using var ec2 = session.Client();
        var random = new Random(20261125);
        var (ready, launched) = (0, new List<string>());
        for (var number = 0; number < Cases; number++)
        {
            var name = $"orphan-{number.ToString(CultureInfo.InvariantCulture)}";
            var proxy = new LossyProxy(new Uri(Variable("AWS_ENDPOINT_URL")), "no such word", losses: 0);
            var client = Start(
                $"Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name {name} -KeyName orphan -MaxHours 0.1 | ForEach-Object {{ 'ready' }}; [Threading.Thread]::Sleep(60000)",
                proxy.Url);
            clients.Add(client);
            await Programs.UntilAsync(async () => await FindAsync(ec2, name) is not null, () => client.Output + client.Error);
            await Task.Delay(TimeSpan.FromSeconds(random.NextDouble() * 4), Stop);
            if (number % 2 == 0)
            {
                client.Kill();
                Assert.Equal(137, await client.WaitAsync());
            }

            // A client that was not killed keeps running, but has no network.
            await proxy.DisposeAsync();
            launched.Add((await FindAsync(ec2, name))!.InstanceId);
            ready += client.Output.Contains("ready", StringComparison.Ordinal) ? 1 : 0;
        }

        // Two processes enforce the deadline, and either is enough. One of them is killed.
        using var other = Start("""
            Get-SpotTrainingInstance orphan-* | Wait-SpotTrainingInstance | ForEach-Object {
                "found $($_.InstanceId) $($_.Deadline.ToUnixTimeSeconds())"
                ($_ | Invoke-TrainingCommand -Result 'sudo spottrainer-watchdog status | grep -e ^deadline -e ^armed | tr "\n" " "').Output
                $null = $_ | Invoke-TrainingCommand 'sudo spottrainer-watchdog arm $(($(date +%s) + 20)) && sudo kill -9 $(systemctl show -P MainPID spottrainer-watchdog.service)'
            }
            """, Variable("AWS_ENDPOINT_URL"));
        Assert.True(await other.WaitAsync() == 0, other.Output + other.Error);
        var lines = other.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            launched.Order(StringComparer.Ordinal),
            lines.Where(line => line.StartsWith("found ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1])
                .Order(StringComparer.Ordinal));
        for (var line = 0; line < lines.Length; line += 2)
        {
            Assert.Equal($"deadline={lines[line].Split(' ')[2]} armed=yes ", lines[line + 1]);
        }

        foreach (var id in launched)
        {
            Instance? instance = null;
            await Programs.UntilAsync(
                async () =>
                    (instance = (
                        await ec2.DescribeInstancesAsync(
                            new DescribeInstancesRequest { InstanceIds = [id] },
                            Stop)).Reservations[0].Instances[0]).State.Name == InstanceStateName.Terminated,
                () => $"{id} is {instance?.State.Name}");
            Assert.Equal("Client.InstanceInitiatedShutdown", instance!.StateReason.Code);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Cases} clients, {(Cases + 1) / 2} killed and {Cases / 2} without network, {ready} of them when the machine was ready; {launched.Count} machines found, logged in to, and shut down by themselves"));
    }

    private static async Task<Instance?> FindAsync(AmazonEC2Client ec2, string name) =>
        (await ec2.DescribeInstancesAsync(
            new DescribeInstancesRequest { Filters = [new Filter("tag:Name", [name])] },
            Stop)).Reservations?.SingleOrDefault()?.Instances[0];

    private string Variable(string name) => (string)((IDictionary)session.Rehearsal.Properties["Environment"].Value)[name]!;

    /// <summary>Starts a process that has only the account and the endpoint, as on AWS.</summary>
    private ShellProcess Start(string script, string url)
    {
        var environment = Account.ToDictionary(name => name, Variable, StringComparer.Ordinal);
        environment["AWS_ENDPOINT_URL"] = url;
        environment["HOME"] = environment["XDG_DATA_HOME"] = folder.Path;
        return ShellProcess.Start([folder.Write($"{Guid.NewGuid():N}.ps1", "$ErrorActionPreference = 'Stop'\n" + script)], environment);
    }
}
