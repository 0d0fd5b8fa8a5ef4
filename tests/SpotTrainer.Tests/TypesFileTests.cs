using System.Globalization;
using System.Management.Automation;
using System.Xml.Linq;
using SpotTrainer.Pipeline;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests;

/// <summary>module/SpotTrainer.Types.ps1xml: a stray object of another type prints ten lines, not a page, and crosses a process.</summary>
public sealed class TypesFileTests
{
    private static readonly XElement Types = XElement.Load(Path.Combine(BuildFacts.Root, "module", "SpotTrainer.Types.ps1xml"));

    public static TheoryData<string> Outputs => [.. typeof(StepCmdlet).Assembly.GetTypes()
        .SelectMany(type => type.GetCustomAttributes(typeof(OutputTypeAttribute), inherit: false).Cast<OutputTypeAttribute>())
        .SelectMany(output => output.Type).Select(type => type.Type.FullName!)
        .Where(name => name.StartsWith("SpotTrainer.", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Every_output_type_has_properties_that_stand_for_it_and_a_depth(string name)
    {
        var type = Assert.Single(Types.Elements("Type"), one => one.Element("Name")!.Value == name);
        var members = type.Descendants("Members").Last();
        var shown = members.Elements("PropertySet").Single(set => set.Element("Name")!.Value == "DefaultDisplayPropertySet")
            .Element("ReferencedProperties")!.Elements("Name").Select(one => one.Value).ToArray();
        Assert.InRange(shown.Length, 2, 10);
        var properties = typeof(StepCmdlet).Assembly.GetType(name)!.GetProperties().Select(property => property.Name).ToHashSet(StringComparer.Ordinal);
        Assert.Subset(properties, shown.ToHashSet(StringComparer.Ordinal));

        // An object in the property Instance needs its own level, and the list of host keys in it another.
        var depth = int.Parse(
            members.Elements("NoteProperty").Single(note => note.Element("Name")!.Value == "SerializationDepth").Element("Value")!.Value,
            CultureInfo.InvariantCulture);
        Assert.True(depth >= (properties.Contains("Instance") ? 3 : 1));
    }
}
