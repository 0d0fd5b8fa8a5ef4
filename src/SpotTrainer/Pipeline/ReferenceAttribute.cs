using System.Collections;
using System.Management.Automation;
using SpotTrainer.Foundation;

namespace SpotTrainer.Pipeline;

/// <summary>
/// Lets a parameter that takes objects also take what stands for one: its name or ID, and an object that crossed a process. Import-Clixml,
/// Start-Job, and $using: give only an object's properties.
/// </summary>
public abstract class ReferenceAttribute : ArgumentTransformationAttribute
{
    private protected ReferenceAttribute()
    {
    }

    /// <inheritdoc/>
    public sealed override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject { BaseObject: var inner } ? inner : inputData) is IList list
            ? list.Cast<object?>().Select(One).ToArray()
            : One(inputData);

    /// <summary>Returns what stands for the object that a text names.</summary>
    private protected abstract object FromText(string text);

    /// <summary>Returns what stands for an object of which only the properties are there; null if they are those of something else.</summary>
    private protected abstract object? FromProperties(ObjectProperties properties);

    private object? One(object? item) => item switch
    {
        string text => FromName(text),
        PSObject { BaseObject: string text } => FromName(text),
        PSObject { BaseObject: PSCustomObject } properties => FromProperties(new ObjectProperties(properties)) ?? item,
        _ => item,
    };

    private object FromName(string text) => SecretText.LooksLikeKey(text)
        ? throw new ArgumentTransformationMetadataException(
            "The value is the text of a private key, so it is not shown. Use a name or an ID.")
        : text.Trim() is { Length: > 0 } name ? FromText(name)
        : throw new ArgumentTransformationMetadataException("The name is empty. Use a name or an ID.");
}
