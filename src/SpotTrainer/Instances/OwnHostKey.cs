using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>
/// Gives an instance a host key of its own. The first host key came with the user data, which other users of the account, and any program
/// on the instance, can read. Over the connection that this key secured, the instance creates a new key, whose private key never leaves it.
/// Until the new key is served, the instance's tag lists both, and either is accepted. So the user's other computers, and a client that was
/// killed at any moment, can always verify the instance. Each step can be repeated.
/// </summary>
internal static class OwnHostKey
{
    /// <summary>SSH's name for the type of the first key, and of the instance's own.</summary>
    public const string KeyType = "ssh-ed25519";

    private const string Script = "own_hostkey.sh";

    /// <summary>How long EC2 may still return the old tag.</summary>
    private static readonly Patience TagPatience =
        new(TimeSpan.FromSeconds(15), TimeSpan.FromMilliseconds(100)) { LongestPause = TimeSpan.FromSeconds(2) };

    /// <summary>
    /// How long the server may still serve the first key after the reload. OpenSSH 9.8 and later count each connection without a login for
    /// a second, and shut out an address that reaches fifteen (PerSourcePenalties in sshd_config(5)).
    /// </summary>
    internal static readonly Patience ServePatience = TagPatience with { Pause = TimeSpan.FromMilliseconds(250) };

    /// <summary>
    /// Changes the host key, unless that was done before. If it fails, the first key is still accepted, which is only a warning: that key is
    /// as safe as the user data.
    /// </summary>
    public static async Task<SpotTrainingInstance> EnsureAsync(
        SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        if (!instance.HostKeyPending)
        {
            return instance;
        }

        try
        {
            return await ChangeAsync(instance, context, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            context.Log.Warning(
                $"{instance} has no host key of its own yet, so the one from its user data is still accepted. To try again, run "
                + $"Wait-SpotTrainingInstance. The reason: {ErrorTranslation.Translate(exception, instance).Message}");
            return instance;
        }
    }

    private static async Task<SpotTrainingInstance> ChangeAsync(
        SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        var first = instance.HostKeys[0];
        var own = await MakeAsync(instance, first, context, cancellationToken);
        var both = await TagAsync(instance, $"{ModuleTags.HostKeyPending} {first} {own}", context, cancellationToken);
        await ServeAsync(both, own, context, cancellationToken);
        return await TagAsync(both, own, context, cancellationToken);
    }

    /// <summary>Creates the key, and returns its fingerprint.</summary>
    internal static async Task<string> MakeAsync(TrainingHost host, string first, StepContext context, CancellationToken cancellationToken)
    {
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        var own = (await RunAsync(connection, $"make {ShellText.Quote(first)}", cancellationToken)).Trim();
        return own.StartsWith("SHA256:", StringComparison.Ordinal) ? own : throw new SpotTrainerException(
            "HostKeyInvalid", ErrorKind.InvalidResult, $"{host} did not create a host key that can be pinned.",
            "Run Wait-SpotTrainingInstance to try again.", host);
    }

    /// <summary>Serves the key, and makes sure of it: the host may have no service that can be told.</summary>
    internal static async Task ServeAsync(TrainingHost host, string own, StepContext context, CancellationToken cancellationToken)
    {
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        await RunAsync(connection, "serve", cancellationToken);
        SshConnectionPool.Close(host, context);
        await RequireServedAsync(host, own, context, cancellationToken);
    }

    private static Task<string> RunAsync(SshConnection connection, string arguments, CancellationToken cancellationToken) =>
        connection.RequireAsync($"sudo sh -s {arguments}", "Changing the host key", cancellationToken, EmbeddedScript.Read(Script));

    /// <summary>Writes the tag and waits until EC2 returns it.</summary>
    private static async Task<SpotTrainingInstance> TagAsync(
        SpotTrainingInstance instance, string value, StepContext context, CancellationToken cancellationToken)
    {
        var ec2 = instance.Cloud.Ec2(instance.Region);
        await ec2.CreateTagsAsync(
            new CreateTagsRequest { Resources = [instance.InstanceId], Tags = [new Tag(ModuleTags.HostKey, value)] }, cancellationToken);
        var now = await TagPatience.AskAsync(
            context.Time, () => InstanceReader.GetAsync(instance.Cloud, instance.Region, instance.InstanceId, cancellationToken),
            found => found.HostKeyTag == value,
            mayPass: null, cancellationToken);
        return now.HostKeyTag == value ? now : throw new SpotTrainerException(
            "TagNotRead", ErrorKind.InvalidResult, $"The tag {ModuleTags.HostKey} of {instance} could not be read back.",
            "Run Wait-SpotTrainingInstance to try again.", instance);
    }

    /// <summary>Connects with the new key only. A server that has just reloaded may present the first key a moment longer.</summary>
    internal static async Task RequireServedAsync(
        TrainingHost host, string own, StepContext context, CancellationToken cancellationToken)
    {
        var pinned = new TrainingHost(host.HostName, host.Port, host.UserName, host.KeyPath, [own])
        {
            HostKeyType = KeyType,
        };
        await ServePatience.DoAsync(
            context.Time,
            async () =>
            {
                await SshConnectionPool.GetAsync(pinned, context, cancellationToken);
                SshConnectionPool.Close(pinned, context);
            },
            exception => exception is SpotTrainerException { Id: "HostKeyMismatch" or "HostUnreachable" }, cancellationToken);
    }
}
