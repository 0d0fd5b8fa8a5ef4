using System.Management.Automation;

namespace SpotTrainer.Pipeline;

/// <summary>
/// Keeps objects out of a parameter that takes names from the pipeline. PowerShell would convert any object to its text, so an object that
/// crossed a process would become a name that nothing has.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PlainTextAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        inputData is PSObject { BaseObject: PSCustomObject }

            // With this inner exception, PowerShell tries the other parameters.
            ? throw new ArgumentTransformationMetadataException("It takes text, not an object.", new PSInvalidCastException())
            : inputData;
}
