using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Tests.Pipeline;

/// <summary>What crossed a process has none of the module's types, so a parameter needs a reference attribute to take it.</summary>
public sealed class ReferenceAttributeTests
{
    public static TheoryData<string> Parameters => [.. All().Select(Name).Distinct(StringComparer.Ordinal)];

    public static TheoryData<string> CloudObjects => [.. typeof(StepCmdlet).Assembly.GetTypes()
        .Where(type => type.IsPublic && typeof(ICloudObject).IsAssignableFrom(type)).Select(type => type.FullName!)];

    [Theory]
    [MemberData(nameof(Parameters))]
    public void Every_parameter_that_takes_objects_of_the_module_also_takes_what_stands_for_them(string name) =>
        Assert.True(All().First(one => Name(one) == name).IsDefined(typeof(ReferenceAttribute), inherit: false));

    [Theory]
    [MemberData(nameof(CloudObjects))]
    public void Every_object_of_a_cloud_says_where_it_belongs(string name)
    {
        var type = typeof(StepCmdlet).Assembly.GetType(name)!;
        Assert.All(["Account", "Endpoint"], property => Assert.Equal(typeof(string), type.GetProperty(property)?.PropertyType));
    }

    private static string Name(System.Reflection.PropertyInfo property) => $"{property.DeclaringType!.Name}.{property.Name}";

    private static IEnumerable<System.Reflection.PropertyInfo> All() => typeof(StepCmdlet).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(PSCmdlet)) && !type.IsAbstract).SelectMany(type => type.GetProperties())
        .Where(property => property.IsDefined(typeof(ParameterAttribute), inherit: false)
            && (property.PropertyType.GetElementType() ?? property.PropertyType) is { IsEnum: false } type
            && type.Assembly == typeof(StepCmdlet).Assembly);
}
