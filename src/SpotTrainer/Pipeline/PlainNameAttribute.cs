using System.Management.Automation;
using SpotTrainer.Foundation;

namespace SpotTrainer.Pipeline;

/// <summary>Refuses a name with control characters: every later list would send them to a terminal.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PlainNameAttribute : ValidateArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        if (arguments is string text && !TerminalText.IsPlain(text))
        {
            throw new ValidationMetadataException($"'{TerminalText.Clean(text)}' has control characters. Use letters, digits, spaces, and punctuation.");
        }
    }
}
