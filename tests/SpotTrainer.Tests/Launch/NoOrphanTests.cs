using System.Globalization;
using System.Text.RegularExpressions;
using Amazon.EC2;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Launch;

/// <summary>
/// If a client is killed at any moment of a launch, another process finds everything that it left, and everything that it left ends. The
/// machines run nothing here: the test does what their user data says, by the endpoint's clock.
/// </summary>
[Trait("Speed", "Slow")]
public sealed partial class NoOrphanTests
{
    /// <summary>The number of parallel lanes, each with its own endpoints.</summary>
    private const int Lanes = 2;

    /// <summary>
    /// The number of clients that share an endpoint and a folder, one after another, with what earlier clients left there.
    /// </summary>
    private const int CasesOfAnEndpoint = 5;

    private static readonly bool Full = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1";
    private static readonly int Cases = Full ? 200 : 10;

    /// <summary>The launches: the plain one, several machines, and one whose first offers have no capacity.</summary>
    private static readonly string[] Launches =
    [
        "Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name killed -MaxHours 2",
        "New-SpotTrainingInstance m7i.large -Name killed -Budget 0.9 -Count 2 -MaxHours 100",
        "Find-SpotOffer -InstanceType m7i.large, m5.large -First 6 | New-SpotTrainingInstance -Name killed -Budget 0.5 -OnDemandFallback",
    ];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_that_a_killed_client_leaves_is_found_and_ends()
    {
        var seed = Full ? Environment.TickCount : 20261125;
        var random = new Random(seed);
        var moments = Enumerable.Range(0, Cases).Select(number => new Moment((Kind)(number % 5), random.NextDouble(), number)).ToArray();
        var groups = moments.Chunk(CasesOfAnEndpoint).ToArray();
        var seen = new List<Outcome>();
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(async lane =>
        {
            foreach (var group in groups.Where((_, index) => index % Lanes == lane))
            {
                var outcomes = await KillAsync(group);
                lock (seen)
                {
                    seen.AddRange(outcomes);
                }
            }
        }));

        foreach (var kind in Enum.GetValues<Kind>())
        {
            var those = seen.Where(outcome => outcome.Kind == kind).ToArray();
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{kind}: {those.Length} killed, {those.Count(one => one.Requests == 0)} before RunInstances, {those.Sum(one => one.Machines)} machines found in {those.Count(one => one.Machines > 0)} of them"));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed.ToString(CultureInfo.InvariantCulture)}");
        Assert.Equal(Cases, seen.Count);

        // The dangerous moments were hit: EC2 was asked, and the answer never arrived.
        Assert.All(
            seen.Where(outcome => outcome.Kind is Kind.Asked or Kind.Unanswered or Kind.Later), outcome =>
                Assert.True(outcome.Machines > 0, outcome.ToString()));
    }

    /// <summary>
    /// Kills some clients, one after another, which share an endpoint and a folder. Then a last launch must succeed despite what they left.
    /// </summary>
    private static async Task<IReadOnlyList<Outcome>> KillAsync(Moment[] moments)
    {
        await using var test = new TestCloud();
        using var folder = new TemporaryFolder();
        var outcomes = new List<Outcome>();
        foreach (var moment in moments)
        {
            var requests = await KillAsync(test, folder, moment);
            var machines = await RequireFoundAsync(test, folder);
            await RequireEndedAsync(test, machines);
            outcomes.Add(new Outcome(moment.Kind, requests, machines.Count));
        }

        await SetAsync(test, TimeSpan.Zero, []);
        using var last = Start(
            test, folder, folder["client"], "(New-SpotTrainingInstance m7i.large -Name last -NoWait).InstanceId",
            test.Endpoint.Endpoint.Url.ToString());
        Assert.True(await last.WaitAsync() == 0, last.Output + last.Error);
        Assert.Contains(Assert.Single(Living(test)).InstanceId, last.Output, StringComparison.Ordinal);
        return outcomes;
    }

    private static async Task<int> KillAsync(TestCloud test, TemporaryFolder folder, Moment moment)
    {
        // Each call is delayed for a moment before it is processed, so that a client can be killed in between.
        await SetAsync(test, moment.Kind is Kind.Call or Kind.Asked ? TimeSpan.FromMilliseconds(40) : TimeSpan.Zero,
            moment.Number % 3 == 2 && moment.Kind is not (Kind.Asked or Kind.Unanswered)
                ? [new OfferPattern(moment.Number % 2 == 0 ? "*" : "m7i.large")]
                : []);
        await using var proxy = moment.Kind == Kind.Unanswered ? new LossyProxy(test.Endpoint.Endpoint.Url, "Action=RunInstances") : null;
        var (before, requests) = (Calls(test), Requests(test));
        using var client = Start(
            test, folder, folder["client"], Launches[moment.Number % Launches.Length], proxy?.Url ?? test.Endpoint.Endpoint.Url.ToString());
        switch (moment.Kind)
        {
            case Kind.Time:
                // From the start of the process to well after EC2's answer.
                await Task.Delay(TimeSpan.FromSeconds(moment.Share * 4), Stop);
                break;
            case Kind.Call:
                // A launch makes about sixteen calls before it waits for SSH.
                await UntilAsync(client, () => Calls(test) - before > (int)(moment.Share * 16));
                break;
            case Kind.Asked:
                await UntilAsync(client, () => Requests(test) > requests);
                break;
            case Kind.Unanswered:
                await proxy!.Lost.WaitAsync(TimeSpan.FromMinutes(1), Stop);
                await Task.Delay(TimeSpan.FromSeconds(moment.Share * 2), Stop);
                break;
            default:
                await UntilAsync(client, () => Living(test).Count > 0);
                await Task.Delay(TimeSpan.FromSeconds(moment.Share * 2), Stop);
                break;
        }

        client.Kill();
        Assert.True(await client.WaitAsync() == 137, $"The client ended before it was killed: {moment} {client.Output}{client.Error}");
        return Requests(test) - requests;
    }

    /// <summary>
    /// Get-SpotTrainingInstance, in a process that has only the account, must find exactly what is running at the endpoint.
    /// </summary>
    private static async Task<IReadOnlyList<QuietMachine>> RequireFoundAsync(TestCloud test, TemporaryFolder folder)
    {
        using var finder = Start(
            test, folder, folder["elsewhere"],
            "Get-SpotTrainingInstance | ForEach-Object { \"found $($_.InstanceId) $($_.Deadline.ToUnixTimeSeconds()) $($_.Where)\" }",
            test.Endpoint.Endpoint.Url.ToString());
        Assert.True(await finder.WaitAsync() == 0, finder.Output + finder.Error);
        var machines = Living(test);
        Assert.InRange(machines.Count, 0, 2);
        Assert.Equal(
            machines.Select(machine => $"found {machine.InstanceId} {Deadline(machine).ToString(CultureInfo.InvariantCulture)} rehearsal")
                .Order(StringComparer.Ordinal),
            finder.Output.Split('\n').Where(line => line.StartsWith("found ", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        var instances = (await test.MachinesAsync()).ToDictionary(instance => instance.InstanceId, StringComparer.Ordinal);
        foreach (var machine in machines)
        {
            Assert.InRange(Deadline(machine) - DateTimeOffset.UtcNow.ToUnixTimeSeconds(), 0, 100 * 3600);
            var launched = instances[machine.InstanceId];
            Assert.Equal(
                (HttpTokensState.Required, "killed"),
                (launched.MetadataOptions.HttpTokens, launched.Tags.Single(tag => tag.Key == "Name").Value[..6]));
        }

        return machines;
    }

    /// <summary>Does at the deadline what the user data armed: the machine powers itself off, which must terminate it.</summary>
    private static async Task RequireEndedAsync(TestCloud test, IReadOnlyList<QuietMachine> machines)
    {
        var clock = test.Endpoint.Endpoint.Clock;
        foreach (var machine in machines.OrderBy(Deadline))
        {
            // The endpoint's clock is ahead by the time that earlier cases skipped.
            clock.Advance(DateTimeOffset.FromUnixTimeSeconds(Deadline(machine)) - DateTimeOffset.UtcNow);
            machine.PowerOff();
            var ended = await test.Endpoint.InStateAsync(machine.InstanceId, InstanceStateName.Terminated);
            Assert.Equal("Client.InstanceInitiatedShutdown", ended.StateReason.Code);
        }

        Assert.All(await test.Endpoint.Endpoint.GetChargesAsync(), charge => Assert.NotNull(charge.End));
        Assert.Empty(Living(test));
    }

    private static Task SetAsync(TestCloud test, TimeSpan delay, OfferPattern[] full) => test.Endpoint.Endpoint.ChangeAsync(
        conditions => conditions with { Delays = delay > TimeSpan.Zero ? [new RegionDelay("*", delay)] : [], NoSpotCapacity = [.. full] });

    private static async Task UntilAsync(ShellProcess client, Func<bool> condition)
    {
        var ended = client.WaitAsync();
        while (!condition() && !ended.IsCompleted)
        {
            await Task.Delay(1, Stop);
        }
    }

    private static int Calls(TestCloud test) => test.Endpoint.Endpoint.Calls.Values.Sum();

    private static int Requests(TestCloud test) => test.Endpoint.Endpoint.Calls.GetValueOrDefault("RunInstances");

    private static IReadOnlyList<QuietMachine> Living(TestCloud test) =>
        [.. test.Endpoint.Machines.All.Values.Where(machine => !machine.Stopped.IsCompleted)];

    /// <summary>Returns the deadline that the user data arms, in seconds since 1970.</summary>
    private static long Deadline(QuietMachine machine) =>
        long.Parse(Armed().Match(machine.Spec.UserData).Groups["deadline"].Value, CultureInfo.InvariantCulture);

    private static ShellProcess Start(TestCloud test, TemporaryFolder folder, string home, string script, string url) => ShellProcess.Start(
        [folder.Write($"{Guid.NewGuid():N}.ps1", "$ErrorActionPreference = 'Stop'\n" + script)],
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["AWS_ENDPOINT_URL"] = url, ["AWS_ACCESS_KEY_ID"] = test.Endpoint.Endpoint.AccessKeyId,
            ["AWS_SECRET_ACCESS_KEY"] = test.Endpoint.Endpoint.SecretAccessKey,
            ["AWS_REGION"] = TestEndpoint.Region, ["HOME"] = home, ["XDG_DATA_HOME"] = home,
        });

    [GeneratedRegex(@"deadline=(?<deadline>\d+); ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Armed();

    /// <summary>How the moment is chosen.</summary>
    private enum Kind
    {
        /// <summary>By the time since the start of the process.</summary>
        Time,

        /// <summary>When a call was received but not yet processed.</summary>
        Call,

        /// <summary>When EC2 was asked for an instance but has not launched it yet.</summary>
        Asked,

        /// <summary>When EC2 has launched an instance, and its answer was lost.</summary>
        Unanswered,

        /// <summary>When the instance has started to boot.</summary>
        Later,
    }

    private sealed record Moment(Kind Kind, double Share, int Number);

    private sealed record Outcome(Kind Kind, int Requests, int Machines);
}
