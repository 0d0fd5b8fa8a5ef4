using System.Text.Json.Serialization;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>An instance that the user's ssh knows.</summary>
/// <param name="Endpoint">The endpoint that it belongs to; empty for AWS's own.</param>
/// <param name="Account">The account.</param>
/// <param name="Region">The region.</param>
/// <param name="InstanceId">The instance ID.</param>
/// <param name="Name">The name that the user gave it.</param>
/// <param name="Launched">When EC2 started it.</param>
/// <param name="HostName">The address.</param>
/// <param name="Port">The port of its SSH server.</param>
/// <param name="UserName">The user name.</param>
/// <param name="KeyPath">The file of the private key; null for the keys of the agent.</param>
/// <param name="HostKey">The blob of its host key, in base64.</param>
internal sealed record ExportedInstance(
    string Endpoint, string Account, string Region, string InstanceId, string Name, DateTimeOffset Launched, string HostName, int Port,
    string UserName, string? KeyPath, string HostKey)
{
    private const int ShortEnd = 4;

    /// <summary>Describes an instance. Its host key comes from a connection that was checked against the pinned fingerprints.</summary>
    /// <exception cref="SpotTrainerException"><c>KeyIsPutty</c>, <c>SshValueInvalid</c>, and the errors of connecting.</exception>
    public static async Task<ExportedInstance> FromAsync(
        SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        var host = await SshHost.FromAsync(instance.InstanceId, instance, context, cancellationToken);
        return new ExportedInstance(
            instance.Endpoint ?? string.Empty, await instance.Cloud.GetAccountAsync(cancellationToken), instance.Region,
            instance.InstanceId, instance.Name, instance.LaunchTime, host.HostName, host.Port, host.UserName, host.KeyPath, host.HostKey);
    }

    /// <summary>
    /// Gives each instance its name for ssh. The newest one of a name has the name itself, and those on AWS come before those of a
    /// rehearsal. The others, and one whose name is taken, have the end of their ID after it.
    /// </summary>
    /// <param name="instances">The instances.</param>
    /// <param name="taken">Names that no instance may have.</param>
    public static IReadOnlyList<(string Alias, ExportedInstance Instance)> WithAliases(
        IEnumerable<ExportedInstance> instances, IEnumerable<string> taken)
    {
        var used = new HashSet<string>(taken, StringComparer.OrdinalIgnoreCase) { "localhost" };
        return instances.OrderBy(one => one.IsRehearsal).ThenByDescending(one => one.Launched).ThenBy(one => one.InstanceId, StringComparer.Ordinal)
            .Select(one => (one.Aliases().First(alias => used.Add(alias)), one)).ToArray();
    }

    /// <summary>Whether it belongs to a rehearsal.</summary>
    private bool IsRehearsal => Account == CloudContext.RehearsalAccount;

    /// <summary>Whether it belongs to a rehearsal that has ended: its keys are then gone.</summary>
    [JsonIgnore]
    public bool IsOver => IsRehearsal && !File.Exists(KeyPath);

    /// <summary>What the system's ssh needs to reach it.</summary>
    public SshHost ToHost(string alias) => new(alias, HostName, Port, UserName, KeyPath, HostKey) { HostKeyAlias = InstanceId };

    private IEnumerable<string> Aliases()
    {
        var name = SshHost.ToAlias(Name);
        return name.Length == 0 ? [InstanceId]
            : [name, $"{name}-{InstanceId.Substring(Math.Max(0, InstanceId.Length - ShortEnd))}", $"{name}-{InstanceId}"];
    }
}

/// <summary>A cloud whose instances the user has exported.</summary>
/// <param name="Endpoint">The endpoint; empty for AWS's own.</param>
/// <param name="Account">The account.</param>
internal sealed record ExportedCloud(string Endpoint, string Account);

/// <summary>What was exported. The files for ssh and Windows Terminal are made from it.</summary>
/// <param name="Clouds">The clouds whose new instances are added.</param>
/// <param name="Instances">The instances.</param>
/// <param name="HasTerminal">Whether Windows Terminal has profiles of them.</param>
internal sealed record SshExportState(
    IReadOnlyList<ExportedCloud> Clouds, IReadOnlyList<ExportedInstance> Instances, bool HasTerminal);
