using System.Globalization;
using System.Management.Automation;

namespace SpotTrainer.Pipeline;

/// <summary>The properties of an object that crossed a process, or that Select-Object or Import-Csv made. They can hold anything.</summary>
internal sealed class ObjectProperties(PSObject value)
{
    /// <summary>Whether the object was of a type, or of one that derives from it, before it crossed the process.</summary>
    public bool WereOf(Type type) => value.TypeNames.Contains("Deserialized." + type.FullName, StringComparer.Ordinal);

    /// <summary>Whether the object has a property, even if it is null.</summary>
    public bool Has(string name) => value.Properties[name] is not null;

    /// <summary>Returns a property as text; an empty string if it is missing or null.</summary>
    public string Text(string name) =>
        Convert.ToString(Unwrap(Value(name)), CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : string.Empty;

    /// <summary>Returns the texts of a property that is a list.</summary>
    public IReadOnlyList<string> Texts(string name) => Unwrap(Value(name)) switch
    {
        null => [],
        System.Collections.IEnumerable list and not string => list.Cast<object?>()
            .Select(item => Convert.ToString(Unwrap(item), CultureInfo.InvariantCulture) ?? string.Empty).ToArray(),
        var one => [Convert.ToString(one, CultureInfo.InvariantCulture) ?? string.Empty],
    };

    /// <summary>Returns the value of a property; null if it is missing.</summary>
    public object? Value(string name)
    {
        try
        {
            return value.Properties[name]?.Value;
        }
        catch (GetValueException)
        {
            return null;
        }
    }

    private static object? Unwrap(object? item) => item is PSObject { BaseObject: not PSCustomObject and var inner } ? inner : item;
}
