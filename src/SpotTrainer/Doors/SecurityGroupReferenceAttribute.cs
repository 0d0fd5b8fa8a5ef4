using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Doors;

/// <summary>
/// Lets a parameter that takes security groups also take their names and IDs, patterns, and groups that crossed a process.
/// <see cref="SecurityGroupStore"/> looks them up.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecurityGroupReferenceAttribute : ReferenceAttribute
{
    private protected override object FromText(string text) => new TrainingSecurityGroup(text, origin: null);

    private protected override object? FromProperties(ObjectProperties properties) => properties.WereOf(typeof(TrainingSecurityGroup))
        ? new TrainingSecurityGroup(
            properties.Text("Id"),
            new ObjectOrigin(properties.Text("Region"), properties.Text("Account"), properties.Text("Endpoint")))
        : null;
}
