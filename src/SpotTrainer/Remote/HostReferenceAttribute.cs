using System.Collections;
using System.Management.Automation;

namespace SpotTrainer.Remote;

/// <summary>Lets a parameter that takes hosts also take their names and IDs. <see cref="HostStepCmdlet"/> looks them up.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class HostReferenceAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => Unwrap(inputData) switch
    {
        string text => Named(text),
        IList list => list.Cast<object?>().Select(item => Unwrap(item) is string text ? Named(text) : item).ToArray(),
        _ => inputData,
    };

    private static object? Unwrap(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    private static object Named(string text) => text.Trim() is { Length: > 0 } name
        ? new NamedHost(name)
        : throw new ArgumentTransformationMetadataException("The name of an instance is empty. Use its name or its ID.");
}
