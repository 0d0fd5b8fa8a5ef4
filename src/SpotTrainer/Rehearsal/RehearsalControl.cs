using SpotTrainer.Cloud;
using SpotTrainer.Conda;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Remote;

namespace SpotTrainer.Rehearsal;

/// <summary>Starts and ends the rehearsal of this process.</summary>
internal static class RehearsalControl
{
    public static async Task<SpotRehearsal> StartAsync(
        string region, bool installMissing, StepContext context, CancellationToken cancellationToken)
    {
        RequireNone();
        const string activity = "Starting the rehearsal";
        try
        {
            context.Log.Progress(activity, "network and endpoint");
            var host = await RehearsalLoader.Load().StartAsync(installMissing, context.Log, cancellationToken);
            try
            {
                SharedRehearsal.Publish(host, region);
            }
            catch
            {
                await host.StopAsync();
                throw;
            }

            var rehearsal = new SpotRehearsal(host, region);
            if (!ActiveRehearsal.TrySet(rehearsal))
            {
                await host.StopAsync();
                RequireNone();
            }
            return rehearsal;
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }

    /// <summary>Ends a rehearsal. Does nothing if it has already ended.</summary>
    public static async Task StopAsync(SpotRehearsal rehearsal, IStepLog log)
    {
        ActiveRehearsal.Clear(rehearsal);
        SshExportUpdate.RemoveRehearsal(rehearsal.Cloud, log);
        rehearsal.Cloud.Dispose();
        try
        {
            SshConnectionPool.CloseEverywhere(
                host => host is SpotTrainingInstance instance && ReferenceEquals(instance.Cloud, rehearsal.Cloud));
        }
        finally
        {
            await rehearsal.Host.StopAsync();
            rehearsal.State = "ended";
        }
    }

    /// <summary>Returns what takes the place of AWS: the rehearsal of this process, or the one that the environment names.</summary>
    public static CurrentCloud.Substitute? Find() =>
        ActiveRehearsal.Current is { } own ? new(own.Cloud, IsOwn: true,
            "End the rehearsal first with Stop-SpotRehearsal, or omit the parameter.")
        : SharedRehearsal.Find() is { } shared ? new(shared, IsOwn: false,
            $"Remove the environment variable {SharedRehearsal.Variable} first, or omit what points outside the rehearsal.")
        : null;

    /// <summary>The local addresses that the instances of a rehearsal use in place of public ones.</summary>
    /// <param name="condaMirror">The URL of the installers, as the instances see it.</param>
    public static IReadOnlyDictionary<string, string> StandIns(string condaMirror) =>
        CondaInstallers.Publishers.ToDictionary(publisher => publisher, _ => condaMirror, StringComparer.Ordinal);

    /// <summary>Returns the rehearsal of another process that the environment names; null if there is none, or if it has ended.</summary>
    private static CloudContext? FindShared()
    {
        try
        {
            return SharedRehearsal.Find();
        }
        catch (SpotTrainerException exception) when (exception.Id == "RehearsalEnded")
        {
            return null;
        }
    }

    private static void RequireNone()
    {
        if (ActiveRehearsal.Current is { } current)
        {
            throw new SpotTrainerException("RehearsalActive", ErrorKind.ResourceExists, "A rehearsal is already running in this session.",
                "Use that rehearsal, or end it first with Stop-SpotRehearsal.", current);
        }

        if (FindShared() is { } shared)
        {
            throw new SpotTrainerException("RehearsalActive", ErrorKind.ResourceExists,
                $"This session uses a rehearsal of another process ({shared.Endpoint}).",
                $"Use that rehearsal, or remove the environment variable {SharedRehearsal.Variable} first.", shared.Endpoint);
        }
    }
}
