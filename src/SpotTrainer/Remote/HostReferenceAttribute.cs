using System.Text.RegularExpressions;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>
/// Lets a parameter that takes hosts also take names and IDs of instances, patterns, and objects that crossed a process.
/// <see cref="HostFinder"/> looks them up. Every property of such an object but its identity is read again from EC2.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class HostReferenceAttribute : ReferenceAttribute
{
    private const string HostOfStep = "Instance";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    /// <summary>An instance that was saved as its text only, because it stood too deep inside another object.</summary>
    private static readonly Regex Flattened = new(@"\((?<id>i-[0-9a-f]{8,17})\)\z", RegexOptions.ExplicitCapture, Timeout);

    private protected override object FromText(string text) =>
        Flattened.Match(text) is { Success: true } found ? new NamedHost(found.Groups["id"].Value, text) : new NamedHost(text);

    private protected override object? FromProperties(ObjectProperties properties)
    {
        if (properties.Text("InstanceId") is { Length: > 0 } id)
        {
            var label = properties.Text("Name") is { Length: > 0 } name ? $"{name} ({id})" : id;
            return properties.Has("Region") && properties.Has("Endpoint")
                ? new NamedHost(
                    id, label, new ObjectOrigin(properties.Text("Region"), properties.Text("Account"), properties.Text("Endpoint")))
                : new NamedHost(id, label);
        }

        return properties.WereOf(typeof(TrainingHost)) ? TrainingHost.FromSaved(
                properties.Text("HostName"), properties.Text("Port"), properties.Text("UserName"), properties.Text("KeyPath"),
                properties.Texts("HostKeys"),
                properties.Value("JumpHost") is { } jump ? Transform(null!, jump) as TrainingHost : null)
            : properties.Value(HostOfStep) is { } host ? Transform(null!, host)
            : null;
    }
}
