using SpotTrainer.Pipeline;

namespace SpotTrainer.Putty;

/// <summary>Lets a parameter that takes the names of PuTTY sessions also take sessions that crossed a process.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PuttySessionReferenceAttribute : ReferenceAttribute
{
    private protected override object FromText(string text) => text;

    private protected override object? FromProperties(ObjectProperties properties) =>
        properties.WereOf(typeof(PuttySession)) ? properties.Text(nameof(PuttySession.Name)) : null;
}
