using System.Collections.Concurrent;
using System.Text.Json;
using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Rehearsal;

/// <summary>
/// A rehearsal that another process of this user runs. A file in its folder, which no other user can read, has its endpoint and its
/// credentials. The module never sends other credentials to that endpoint, and never sends these credentials anywhere else.
/// </summary>
internal static class SharedRehearsal
{
    /// <summary>The environment variable that holds the path of the rehearsal's folder.</summary>
    public const string Variable = "SPOTTRAINER_REHEARSAL";

    private const string FileName = "rehearsal.json";
    private const string RemoveVariable =
        $"Remove the variable (PowerShell: Remove-Item Env:{Variable}; sh: unset {Variable}), or set it to another rehearsal's.";

    private static readonly ConcurrentDictionary<string, CloudContext> Joined = new(StringComparer.Ordinal);

    /// <summary>Lets other processes join a rehearsal.</summary>
    public static void Publish(IRehearsalHost host, string region) => PrivateFile.Write(
        Path.Combine(host.Folder, FileName),
        JsonSerializer.SerializeToUtf8Bytes(new Description
        {
            Endpoint = host.Endpoint.ToString(), AccessKeyId = host.AccessKeyId, SecretAccessKey = host.SecretAccessKey,
            Account = host.Account, Region = region, CondaMirror = host.CondaMirror.ToString(),
        }),
        overwrite: false);

    /// <summary>Returns the rehearsal that the environment variable names, or null if the variable is not set.</summary>
    /// <exception cref="SpotTrainerException"><c>RehearsalEnded</c>: it has ended. Calls never go to AWS instead.</exception>
    public static CloudContext? Find()
    {
        if (Named is not { Length: > 0 } folder)
        {
            return null;
        }

        var cloud = Joined.GetOrAdd(folder, Join);
        return File.Exists(Path.Combine(folder, FileName)) ? cloud : throw Ended(folder, inner: null);
    }

    private static string? Named => Environment.GetEnvironmentVariable(Variable);

    private static SpotTrainerException Ended(string folder, Exception? inner) => new("RehearsalEnded", ErrorKind.InvalidOperation,
        $"The rehearsal that the environment variable {Variable} refers to has ended.", RemoveVariable, folder, inner);

    private static CloudContext Join(string folder)
    {
        var path = Path.Combine(folder, FileName);
        Description? description;
        try
        {
            description = JsonSerializer.Deserialize<Description>(File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw Ended(folder, exception);
        }

        if (description is null || !Uri.TryCreate(description.Endpoint, UriKind.Absolute, out var endpoint) || !endpoint.IsLoopback)
        {
            throw new SpotTrainerException("RehearsalInvalid", ErrorKind.SecurityError,
                $"{path} does not describe a rehearsal on this computer.",
                $"Set {Variable} to its value in the Environment of a rehearsal, or remove it.", path);
        }

        return new CloudContext(
            new BasicAWSCredentials(description.AccessKeyId, description.SecretAccessKey), description.Region, description.Endpoint, folder,
            description.Account)
        {
            StandIns = RehearsalControl.StandIns(description.CondaMirror),
            EndedElsewhere = () => File.Exists(path) ? null : Named == folder ? RemoveVariable : CloudContext.StartAnother,
        };
    }

    private sealed class Description
    {
        public string Endpoint { get; set; } = string.Empty;

        public string AccessKeyId { get; set; } = string.Empty;

        public string SecretAccessKey { get; set; } = string.Empty;

        public string Account { get; set; } = string.Empty;

        public string Region { get; set; } = string.Empty;

        public string CondaMirror { get; set; } = string.Empty;
    }
}
