using System.Collections.Concurrent;
using SpotTrainer.Rehearsal.Machines;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>Machines that run nothing, for tests of the endpoint alone.</summary>
internal sealed class QuietMachines : IMachineFactory
{
    private readonly TaskCompletionSource<Exception?> _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    /// <summary>Whether a machine starts only after <see cref="Release"/>.</summary>
    public bool Held { get; init; }

    /// <summary>Whether a machine ends only after <see cref="QuietMachine.PowerOff"/>, even if it is terminated.</summary>
    public bool Slow { get; init; }

    public ConcurrentDictionary<string, QuietMachine> All { get; } = new(StringComparer.Ordinal);

    /// <summary>Lets the held machines start, or fail.</summary>
    public void Release(Exception? failure = null) => _released.TrySetResult(failure);

    public async Task<IMachine> StartAsync(MachineSpec spec, CancellationToken cancellationToken)
    {
        if (Held && await _released.Task.WaitAsync(cancellationToken) is { } failure)
        {
            throw failure;
        }

        return All[spec.InstanceId] = new QuietMachine(spec, Interlocked.Increment(ref _count), Slow);
    }
}

/// <summary>A machine that runs nothing.</summary>
internal sealed class QuietMachine(MachineSpec spec, int number, bool slow) : IMachine
{
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MachineSpec Spec => spec;

    public string InstanceId => spec.InstanceId;

    public string PrivateIpAddress => $"10.77.0.{number}";

    /// <summary>An address that no rehearsal running at the same time uses.</summary>
    public string PublicIpAddress => $"127.0.65.{number}";

    /// <summary>A port where nothing listens. This computer's own SSH server may listen on port 22 of all addresses.</summary>
    public int SshPort => 9;

    public string ConsoleOutput => $"the console of {spec.InstanceId}\n";

    public Task Stopped => _stopped.Task;

    public bool Terminated { get; private set; }

    /// <summary>What the endpoint has written to the metadata since the start.</summary>
    public ConcurrentDictionary<string, string?> Notices { get; } = new(StringComparer.Ordinal);

    /// <summary>The doors that the endpoint has opened.</summary>
    public IReadOnlyList<OpenPort> Doors { get; private set; } = [];

    public void SetDoors(IReadOnlyList<OpenPort> doors) => Doors = doors;

    public void SetMetadata(string path, string? content) => Notices[path] = content;

    public void PowerOff() => _stopped.TrySetResult();

    public void ShutDown()
    {
        Terminated = true;
        if (!slow)
        {
            PowerOff();
        }
    }

    public Task TerminateAsync()
    {
        ShutDown();
        return Task.CompletedTask;
    }
}
