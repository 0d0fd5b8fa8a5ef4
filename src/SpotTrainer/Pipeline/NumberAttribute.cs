using System.Globalization;
using System.Management.Automation;

namespace SpotTrainer.Pipeline;

/// <summary>
/// Refuses text with a comma. PowerShell's own conversion takes a comma as a thousands separator, so it would turn <c>'0,25'</c>, which
/// much of the world writes for a quarter, into 25.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NumberAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        var given = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        var shown = given switch
        {
            string text when text.Contains(',') => text.Trim(),

            // Without quotes, PowerShell reads 0,25 as a list.
            object[] { Length: > 1 } list => string.Join(
                ",", list.Select(one => Convert.ToString(one is PSObject { BaseObject: var inner } ? inner : one, CultureInfo.InvariantCulture))),
            _ => null,
        };
        return shown is null ? inputData : throw new ArgumentTransformationMetadataException(
            $"'{shown}' has a comma. Write numbers with a decimal point and without separators, such as 0.25 or 1000.");
    }
}
