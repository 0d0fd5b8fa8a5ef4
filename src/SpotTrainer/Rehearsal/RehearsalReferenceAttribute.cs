using SpotTrainer.Pipeline;

namespace SpotTrainer.Rehearsal;

/// <summary>
/// Lets a parameter that takes a rehearsal also take its URL, and a rehearsal that crossed a process. The URL is only compared with the one
/// of this session's rehearsal.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RehearsalReferenceAttribute : ReferenceAttribute
{
    private protected override object FromText(string text) => new SpotRehearsal(text);

    private protected override object? FromProperties(ObjectProperties properties) =>
        properties.WereOf(typeof(SpotRehearsal)) ? new SpotRehearsal(properties.Text(nameof(SpotRehearsal.EndpointUrl))) : null;
}
