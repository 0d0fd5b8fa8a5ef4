using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Tests.Pipeline;

/// <summary>A comma in a number means two things in the world, so it is refused.</summary>
public sealed class NumberAttributeTests
{
    private static readonly Type[] Numbers = [typeof(int), typeof(long), typeof(double), typeof(decimal), typeof(float), typeof(uint)];

    /// <summary>The parameters of all cmdlets.</summary>
    public static TheoryData<string> Parameters =>
        [.. All().Select(parameter => $"{parameter.DeclaringType!.Name}.{parameter.Name}").Distinct()];

    [Theory]
    [InlineData("0,25")]
    [InlineData("1,000")]
    [InlineData(" 0,25 ")]
    [InlineData("1.000,5")]
    [InlineData(0, 25)]
    public void A_comma_is_refused_with_the_way_to_write_the_number(params object[] items)
    {
        var given = items.Length == 1 ? items[0] : items;
        foreach (var one in new[] { given, new PSObject(given) })
        {
            var error = Assert.Throws<ArgumentTransformationMetadataException>(() => new NumberAttribute().Transform(null!, one));
            Assert.Contains("such as 0.25 or 1000", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("0.25")]
    [InlineData(0.25)]
    [InlineData(25)]
    [InlineData("abc")]
    [InlineData(null)]
    public void Everything_else_is_left_to_PowerShell(object? given) => Assert.Equal(given, new NumberAttribute().Transform(null!, given));

    [Theory]
    [MemberData(nameof(Parameters))]
    public void Every_parameter_that_is_a_number_or_a_time_refuses_a_comma(string name)
    {
        var parameter = All().First(one => $"{one.DeclaringType!.Name}.{one.Name}" == name);
        var type = Nullable.GetUnderlyingType(parameter.PropertyType) ?? parameter.PropertyType;
        type = type.IsArray ? type.GetElementType()! : type;
        Assert.Equal(Numbers.Contains(type), parameter.IsDefined(typeof(NumberAttribute), inherit: false));
        Assert.Equal(type == typeof(TimeSpan), parameter.IsDefined(typeof(DurationAttribute), inherit: false));
    }

    private static IEnumerable<System.Reflection.PropertyInfo> All() => typeof(StepCmdlet).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(PSCmdlet)) && !type.IsAbstract).SelectMany(type => type.GetProperties())
        .Where(property => property.IsDefined(typeof(ParameterAttribute), inherit: false));
}
