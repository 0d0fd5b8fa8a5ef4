using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Starts and stops Jupyter together with its door, which opens its port to the caller's address.</summary>
internal static class JupyterDoor
{
    /// <summary>
    /// Starts Jupyter and opens its port if requested. The order matters: first determine who may connect, then verify that Jupyter asks
    /// for its password over TLS, and open the door last. If an earlier step fails, the door stays closed.
    /// </summary>
    /// <exception cref="SpotTrainerException">
    /// <c>NotAnInstance</c>, <c>CallerAddressUnknown</c>, and those of starting Jupyter and of EC2.
    /// </exception>
    public static async Task<JupyterServer> EnsureAsync(
        TrainingHost host, ServerRequest request, StepContext context, CancellationToken cancellationToken)
    {
        if (!request.OpenPort)
        {
            return await JupyterProcess.StartAsync(host, request, context, cancellationToken);
        }

        var instance = host as SpotTrainingInstance ?? throw new SpotTrainerException(
            "NotAnInstance", ErrorKind.InvalidArgument,
            $"{host} is not an instance that the module launched, so its ports cannot be opened.",
            "Omit -OpenPort, and connect through SSH: Connect-JupyterServer, or New-PuttySession -JupyterTunnel.", host);
        var cidr = request.AllowedCidr ?? await CallerAddress.GetCidrAsync(instance.Cloud, cancellationToken);
        var server = await JupyterProcess.StartAsync(instance, request, context, cancellationToken);

        // A server that was already running keeps its own port.
        await DoorOf(instance).OpenAsync(server.Port, server.Port, cidr, request.AllowedCidr is null, context, cancellationToken);
        return server;
    }

    /// <summary>Stops Jupyter and closes its port, even if Jupyter cannot be reached.</summary>
    public static async Task<JupyterServer> StopAsync(
        TrainingHost host, string prefix, StepContext context, CancellationToken cancellationToken)
    {
        // If it cannot be reached, the port may be open.
        var wasOpened = true;
        try
        {
            (var stopped, wasOpened) = await JupyterProcess.StopAsync(host, prefix, context, cancellationToken);
            return stopped;
        }
        finally
        {
            // If no port was opened since the last stop, there is nothing to ask EC2.
            if (wasOpened && host is SpotTrainingInstance instance)
            {
                await DoorOf(instance).CloseAsync(context, cancellationToken);
            }
        }
    }

    /// <summary>Returns the door for Jupyter on an instance.</summary>
    private static InstanceDoor DoorOf(SpotTrainingInstance instance) =>
        new(instance.Cloud, instance.Region, instance.InstanceId, instance.Owner, "jupyter");
}
