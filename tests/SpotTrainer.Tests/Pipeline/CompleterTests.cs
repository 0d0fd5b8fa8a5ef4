using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Tests.Pipeline;

/// <summary>PowerShell completes the names of files wherever nothing else completes. That makes sense for paths only.</summary>
public sealed class CompleterTests
{
    /// <summary>The parameters that take a path on this computer, or free text that can contain one.</summary>
    private static readonly string[] Paths = ["Path", "LiteralPath", "Destination", "KeyPath", "Command", "Comment"];

    public static TheoryData<string> Texts =>
        [.. All().Select(parameter => $"{parameter.DeclaringType!.Name}.{parameter.Name}").Distinct(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Texts))]
    public void Every_text_that_is_no_path_has_a_completer(string name)
    {
        var parameter = All().First(one => $"{one.DeclaringType!.Name}.{one.Name}" == name);
        Assert.True(Paths.Contains(parameter.Name, StringComparer.Ordinal)
            || parameter.IsDefined(typeof(ArgumentCompleterAttribute), inherit: false)
            || parameter.IsDefined(typeof(ValidateSetAttribute), inherit: false));
    }

    private static IEnumerable<System.Reflection.PropertyInfo> All() => typeof(StepCmdlet).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(PSCmdlet)) && !type.IsAbstract).SelectMany(type => type.GetProperties())
        .Where(property => property.IsDefined(typeof(ParameterAttribute), inherit: false)
            && (property.PropertyType == typeof(string) || property.PropertyType == typeof(string[])));
}
