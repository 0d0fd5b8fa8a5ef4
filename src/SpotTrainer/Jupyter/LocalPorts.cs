using System.Text.Json;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>
/// Remembers which port of this computer led to the Jupyter of a host. It goes by the host's short name, so a new instance of the same name
/// gets the address of the one before.
/// </summary>
internal static class LocalPorts
{
    /// <summary>Returns the port of the last time; null if there is none.</summary>
    public static int? Recall(TrainingHost host) => Read(host).TryGetValue(host.Label, out var port) && port is > 0 and < 65536 ? port : null;

    /// <summary>Remembers a port. If that fails, the next connection gets another one.</summary>
    public static void Remember(TrainingHost host, int port)
    {
        var ports = Read(host);
        if (ports.TryGetValue(host.Label, out var known) && known == port)
        {
            return;
        }

        ports[host.Label] = port;
        try
        {
            SavedRequest.Write(PathOf(host), ports);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is only for convenience.
        }
    }

    private static Dictionary<string, int> Read(TrainingHost host)
    {
        try
        {
            return SavedRequest.FromText<Dictionary<string, int>>(File.ReadAllText(PathOf(host)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return new Dictionary<string, int>(StringComparer.Ordinal);
        }
    }

    private static string PathOf(TrainingHost host) =>
        Path.Combine((host as SpotTrainingInstance)?.Cloud.StateFolder ?? CloudResolver.UserStateFolder(), "jupyter-ports.json");
}
