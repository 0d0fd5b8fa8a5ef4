
using SpotTrainer.Cloud;
using SpotTrainer.Conda;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Remote;

namespace SpotTrainer.Rehearsal;

/// <summary>Starts and ends the rehearsal of this process.</summary>
internal static class RehearsalControl
{
    public static async Task<SpotRehearsal> StartAsync(string region, bool installMissing, StepContext context, CancellationToken cancellationToken)
    {
        RequireNone();
        const string activity = "Starting the rehearsal";
        try
        {
            context.Log.Progress(activity, "its network and its endpoint");
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

    /// <summary>Ends it; does nothing to one that has ended.</summary>
    public static async Task StopAsync(SpotRehearsal rehearsal)
    {
        ActiveRehearsal.Clear(rehearsal);
        rehearsal.Cloud.Dispose();
        try
        {
            SshConnectionPool.CloseEverywhere(host => host is SpotTrainingInstance instance && ReferenceEquals(instance.Cloud, rehearsal.Cloud));
        }
        finally
        {
            await rehearsal.Host.StopAsync();
            rehearsal.State = "ended";
        }
    }

    /// <summary>What takes the place of AWS: the rehearsal of this process, else the one that the environment names.</summary>
    public static CurrentCloud.Substitute? Find() =>
        ActiveRehearsal.Current is { } own ? new(own.Cloud, IsOwn: true, "End it first with Stop-SpotRehearsal, or leave the parameter out.")
        : SharedRehearsal.Find() is { } shared ? new(shared, IsOwn: false, $"Remove the variable {SharedRehearsal.Variable} first, or leave out what leads out of the rehearsal.")
        : null;

    /// <summary>What a rehearsal serves its machines in place of public addresses.</summary>
    /// <param name="condaMirror">The folder of installers, as the machines see it.</param>
    public static IReadOnlyDictionary<string, string> StandIns(string condaMirror) =>
        new Dictionary<string, string>(StringComparer.Ordinal) { [CondaInstaller.PublicMirror] = condaMirror };

    private static void RequireNone()
    {
        if (ActiveRehearsal.Current is { } current)
        {
            throw new SpotTrainerException("RehearsalActive", ErrorKind.ResourceExists, "A rehearsal is on in this session already.",
                "Use it, or end it first with Stop-SpotRehearsal.", current);
        }
    }
}
