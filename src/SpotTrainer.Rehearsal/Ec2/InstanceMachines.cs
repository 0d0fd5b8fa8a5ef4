using System.Text.Json;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>Starts the machines of instances, and updates each when the other changes.</summary>
/// <param name="factory">Starts machines.</param>
/// <param name="gate">The endpoint's lock, under which an instance changes.</param>
/// <param name="clock">The endpoint's clock.</param>
/// <param name="account">The account number.</param>
internal sealed class InstanceMachines(IMachineFactory factory, SemaphoreSlim gate, RehearsalClock clock, string account) : IAsyncDisposable
{
    private readonly CancellationTokenSource ending = new();
    private readonly List<Task> lives = [];
    private readonly List<Instance> started = [];

    /// <summary>Starts an instance's machine. The caller holds the lock; the machine runs on without it.</summary>
    public void Start(RegionState region, Instance instance, string userData, string? publicKey)
    {
        started.Add(instance);
        lives.Add(LiveAsync(region, instance, new MachineSpec(
            instance.Id, userData, publicKey is null
                ? []
                : [publicKey], instance.Image.UserName, Metadata(region, instance, userData, publicKey), instance.Image.IsRecent)));
    }

    /// <summary>Ends an instance's machine. The caller holds the lock.</summary>
    public void Terminate(Instance instance)
    {
        if (instance.State is InstanceState.Terminated or InstanceState.ShuttingDown)
        {
            return;
        }

        // A stopped instance has powered itself off, so it has no machine to end.
        if (instance.State is InstanceState.Stopped)
        {
            SetTerminated(instance);
        }
        else
        {
            instance.State = InstanceState.ShuttingDown;
        }

        SetReason(instance, "User initiated", "Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown");
        EndMachine(instance);
    }

    /// <summary>Opens and closes the doors of a region's machines to match their security groups. The caller holds the lock.</summary>
    public static void SetDoors(RegionState region)
    {
        foreach (var instance in region.Instances.Values)
        {
            SetDoors(instance);
        }
    }

    /// <summary>Gives a Spot instance an interruption notice, and ends it after the notice period. The caller holds the lock.</summary>
    public void Interrupt(Instance instance, TimeSpan notice, Interruption why)
    {
        if (instance.Interruption is not null)
        {
            return;
        }

        var now = clock.GetUtcNow();
        (instance.Interruption, instance.InterruptionNoticed, instance.InterruptionTime) = (why, now, now + notice);
        ShowNotices(instance);
        lives.Add(EndInterruptedAsync(instance, now + notice));
    }

    /// <summary>Gives a Spot instance a rebalance recommendation. The caller holds the lock.</summary>
    public void RecommendRebalance(Instance instance)
    {
        instance.RebalanceNoticed ??= clock.GetUtcNow();
        ShowNotices(instance);
    }

    /// <summary>Ends every machine and waits until all have stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await gate.WaitAsync();
        try
        {
            foreach (var instance in started)
            {
                Terminate(instance);
                _ = instance.Machine?.TerminateAsync();
            }
        }
        finally
        {
            gate.Release();
        }

        await Task.WhenAll(lives);
        ending.Dispose();
    }

    private async Task LiveAsync(RegionState region, Instance instance, MachineSpec spec)
    {
        // The launch must respond first, with the state "pending".
        await Task.Yield();
        IMachine machine;
        try
        {
            machine = await factory.StartAsync(spec, ending.Token);
        }
        catch (Exception exception)
        {
            await ChangeAsync(() =>
            {
                instance.LastConsole = $"The rehearsal could not start the machine: {exception.Message}\n";
                var code = exception is AwsException refusal ? refusal.Code : "Server.InternalError";
                SetReason(instance, code, code, exception.Message);
                SetTerminated(instance);
            });
            return;
        }

        await ChangeAsync(() =>
        {
            instance.Machine = machine;
            instance.EverRan = true;
            SetDoors(instance);
            ShowNotices(instance);
            region.TagsOf(instance.Id)[Ec2Call.MachinePort] = machine.SshPort.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (instance.State is InstanceState.Pending)
            {
                instance.State = InstanceState.Running;
            }
            else
            {
                _ = machine.TerminateAsync();
            }
        });
        // Even if a bug in the rehearsal ends the machine, the instance must not be shown as running forever.
        await machine.Stopped.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await ChangeAsync(() =>
        {
            instance.LastConsole = machine.ConsoleOutput;
            if (instance.State is InstanceState.Running)
            {
                SetReason(instance, "User initiated", "Client.InstanceInitiatedShutdown",
                    "Client.InstanceInitiatedShutdown: Instance initiated shutdown");
            }

            instance.Machine = null;
            instance.ComputeEnd ??= clock.GetUtcNow();
            if (instance.StopsOnShutdown && instance.State is InstanceState.Running)
            {
                instance.State = InstanceState.Stopped;
            }
            else
            {
                SetTerminated(instance);
            }
        });

        // If the machine powered itself off, this removes its files.
        await machine.TerminateAsync();
    }

    private async Task EndInterruptedAsync(Instance instance, DateTimeOffset at)
    {
        try
        {
            await clock.WaitUntilAsync(at, ending.Token);
        }
        catch (OperationCanceledException)
        {
            // The rehearsal is ending, and the instance with it.
            return;
        }

        await ChangeAsync(() =>
        {
            if (instance.Runs)
            {
                instance.EndedByEc2 = true;
                instance.State = InstanceState.ShuttingDown;
                SetReason(instance, "Service initiated", "Server.SpotInstanceTermination",
                    "Server.SpotInstanceTermination: Spot instance termination");

                // EC2 does not give the time of an interruption here.
                instance.TransitionReason = "Server.SpotInstanceTermination";
                EndMachine(instance);
            }
        });
    }

    /// <summary>Shuts the machine down. When it is off, the instance becomes "terminated".</summary>
    private void EndMachine(Instance instance)
    {
        instance.ComputeEnd ??= clock.GetUtcNow();
        instance.Machine?.ShutDown();
    }

    private void SetTerminated(Instance instance)
    {
        var now = clock.GetUtcNow();
        instance.State = InstanceState.Terminated;
        instance.ComputeEnd ??= now;
        if (instance.Options.DeleteOnTermination)
        {
            instance.VolumeEnd ??= now;
        }
    }

    private static void SetDoors(Instance instance) =>
        instance.Machine?.SetDoors([.. instance.Groups.SelectMany(group => group.Ingress).SelectMany(rule => rule.Doors())]);

    /// <summary>Writes the notices given so far to the machine's metadata.</summary>
    private static void ShowNotices(Instance instance)
    {
        if (instance.Machine is { } machine)
        {
            if (instance.InterruptionTime is { } end)
            {
                machine.SetMetadata(
                    "meta-data/spot/instance-action", JsonSerializer.Serialize(new { action = "terminate", time = Seconds(end) }));
                machine.SetMetadata("meta-data/spot/termination-time", Seconds(end));
            }

            if (instance.RebalanceNoticed is { } noticed)
            {
                machine.SetMetadata(
                    "meta-data/events/recommendations/rebalance", JsonSerializer.Serialize(new { noticeTime = Seconds(noticed) }));
            }
        }
    }

    private static string Seconds(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private async Task ChangeAsync(Action change)
    {
        await gate.WaitAsync();
        try
        {
            change();
        }
        finally
        {
            gate.Release();
        }
    }

    private void SetReason(Instance instance, string words, string code, string message)
    {
        instance.TransitionReason = $"{words} ({clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture)} GMT)";
        instance.StateReason = (code, message);
    }

    private Dictionary<string, string> Metadata(RegionState region, Instance instance, string userData, string? publicKey)
    {
        var document = JsonSerializer.Serialize(new
        {
            accountId = account,
            architecture = instance.Image.Architecture,
            availabilityZone = instance.Subnet.Zone,
            imageId = instance.Image.Id,
            instanceId = instance.Id,
            instanceType = instance.Type.Name,
            pendingTime = Ec2Xml.Time(instance.LaunchTime),
            region = region.Name,
            version = "2017-09-30",
        });
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["meta-data/instance-id"] = instance.Id,
            ["meta-data/instance-type"] = instance.Type.Name,
            ["meta-data/instance-life-cycle"] = instance.Spot ? "spot" : "on-demand",
            ["meta-data/ami-id"] = instance.Image.Id,
            ["meta-data/reservation-id"] = instance.ReservationId,
            ["meta-data/placement/availability-zone"] = instance.Subnet.Zone,
            ["meta-data/placement/region"] = region.Name,
            ["meta-data/security-groups"] = string.Join('\n', instance.Groups.Select(group => group.Name)),
            ["dynamic/instance-identity/document"] = document,
        };
        if (publicKey is not null)
        {
            metadata["meta-data/public-keys"] = $"0={instance.KeyName}";
            metadata["meta-data/public-keys/0/openssh-key"] = publicKey;
        }

        if (userData.Length > 0)
        {
            metadata["user-data"] = userData;
        }

        return metadata;
    }
}
