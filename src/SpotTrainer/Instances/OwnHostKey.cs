using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>
/// Gives an instance a host key of its own. The one of the first contact came with its user data, which others of the account, and any
/// program on the machine, may read; over the channel that it secured the machine makes another, whose private half never leaves it.
/// Both stand in the instance's tag, and either is accepted, until the new one is served: so a client that is killed at any moment, and the
/// user's other machines, can always verify it. Each step can be taken again.
/// </summary>
internal static class OwnHostKey
{
    private const string Script = "own_hostkey.sh";

    /// <summary>How long the server may go on with the first key after it was told of the new one, and EC2 with an older tag.</summary>
    private static readonly Patience Patience = new(TimeSpan.FromSeconds(15), TimeSpan.FromMilliseconds(100));

    /// <summary>
    /// Changes over, where that was not done yet. Where it can't be done the machine keeps its first key, which is a warning: it is as safe as
    /// the user data.
    /// </summary>
    public static async Task<SpotTrainingInstance> EnsureAsync(SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
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
            context.Log.Warning($"{instance} keeps the host key that came with its user data: {ErrorTranslation.Translate(exception, instance).Message}");
            return instance;
        }
    }

    private static async Task<SpotTrainingInstance> ChangeAsync(SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        var first = instance.HostKeys[0];
        var connection = await SshConnectionPool.GetAsync(instance, context, cancellationToken);
        var own = (await RunAsync(connection, $"make {ShellText.Quote(first)}", cancellationToken)).Trim();
        if (!own.StartsWith("SHA256:", StringComparison.Ordinal))
        {
            throw new SpotTrainerException("HostKeyInvalid", ErrorKind.InvalidResult, $"{instance} made no host key that can be pinned.", "Try again.", instance);
        }

        var both = await TagAsync(instance, $"{ModuleTags.HostKeyPending} {first} {own}", context, cancellationToken);
        await RunAsync(connection, "serve", cancellationToken);
        SshConnectionPool.Close(instance, context);
        await RequireServedAsync(both, own, context, cancellationToken);
        return await TagAsync(both, own, context, cancellationToken);
    }

    private static Task<string> RunAsync(SshConnection connection, string arguments, CancellationToken cancellationToken) =>
        connection.RequireAsync($"sudo sh -s {arguments}", "Changing the host key", cancellationToken, EmbeddedScript.Read(Script));

    /// <summary>Writes the tag and reads it back.</summary>
    private static async Task<SpotTrainingInstance> TagAsync(SpotTrainingInstance instance, string value, StepContext context, CancellationToken cancellationToken)
    {
        var ec2 = instance.Cloud.Ec2(instance.Region);
        await ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [instance.InstanceId], Tags = [new Tag(ModuleTags.HostKey, value)] }, cancellationToken);
        var now = await Patience.AskAsync(
            context.Time, () => InstanceReader.GetAsync(instance.Cloud, instance.Region, instance.InstanceId, cancellationToken), found => found.HostKeyTag == value,
            mayPass: null, cancellationToken);
        return now.HostKeyTag == value ? now : throw new SpotTrainerException(
            "TagNotRead", ErrorKind.InvalidResult, $"The tag {ModuleTags.HostKey} of {instance} could not be read back.", "Try again.", instance);
    }

    /// <summary>Connects with the new key alone. A server that was just told of it may show the first one a moment longer.</summary>
    private static async Task RequireServedAsync(SpotTrainingInstance instance, string own, StepContext context, CancellationToken cancellationToken)
    {
        var host = new TrainingHost(instance.HostName, instance.Port, instance.UserName, instance.KeyPath, [own]);
        await Patience.DoAsync(
            context.Time,
            async () =>
            {
                await SshConnectionPool.GetAsync(host, context, cancellationToken);
                SshConnectionPool.Close(host, context);
            },
            exception => exception is SpotTrainerException { Id: "HostKeyMismatch" or "HostUnreachable" }, cancellationToken);
    }
}
