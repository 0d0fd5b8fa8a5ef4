
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Putty;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Jupyter on an instance whose port is open to the caller's address.</summary>
internal static class JupyterDoor
{
    /// <summary>
    /// Starts Jupyter, and opens its port. In this order: who may come in must be known first; then Jupyter must have been seen to ask for its
    /// password, over TLS; the door is last. An end at any moment before leaves it closed.
    /// </summary>
    /// <exception cref="SpotTrainerException"><c>NotAnInstance</c>, <c>CallerAddressUnknown</c>, those of the start and of EC2.</exception>
    public static async Task<JupyterServer> EnsureAsync(TrainingHost host, ServerRequest request, StepContext context, CancellationToken cancellationToken)
    {
        if (!request.OpenPort)
        {
            return await JupyterProcess.StartAsync(host, request.Prefix, request.Port, openPort: false, context, cancellationToken);
        }

        var instance = host as SpotTrainingInstance ?? throw new SpotTrainerException(
            "NotAnInstance", ErrorKind.InvalidArgument, $"{host} is not an instance that the module launched, so its ports cannot be opened.",
            "Leave out -OpenPort, and reach Jupyter through SSH (New-PuttySession -JupyterTunnel, or 'ssh -L 8888:localhost:8888').", host);
        var cidr = request.AllowedCidr ?? await CallerAddress.GetCidrAsync(instance.Cloud, cancellationToken);
        var server = await JupyterProcess.StartAsync(instance, request.Prefix, request.Port, openPort: true, context, cancellationToken);

        // A server that was running already has its own port.
        await DoorOf(instance).OpenAsync(server.Port, server.Port, cidr, request.AllowedCidr is null, context, cancellationToken);
        return server;
    }

    /// <summary>Stops Jupyter, and closes its port, also where Jupyter can't be reached.</summary>
    public static async Task<JupyterServer> StopAsync(TrainingHost host, string prefix, StepContext context, CancellationToken cancellationToken)
    {
        JupyterServer? stopped = null;
        try
        {
            return stopped = await JupyterProcess.StopAsync(host, prefix, context, cancellationToken);
        }
        finally
        {
            // Where no port was opened since the last stop, EC2 need not be asked.
            if (stopped is not { OpenPort: false } && host is SpotTrainingInstance instance)
            {
                await DoorOf(instance).CloseAsync(context, cancellationToken);
            }
        }
    }

    /// <summary>The door of an instance's Jupyter.</summary>
    private static InstanceDoor DoorOf(SpotTrainingInstance instance) =>
        new(instance.Cloud, instance.Region, instance.InstanceId, instance.Owner, "jupyter");
}
