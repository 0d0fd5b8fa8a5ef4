using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Mono.Cecil;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Architecture;

/// <summary>The floors of the house: no room names a room that is not below it.</summary>
public sealed class FloorsTests
{
    private static readonly string Root = BuildFacts.Root;
    private static readonly string[] Assemblies = ["SpotTrainer", "SpotTrainer.Rehearsal", "SpotTrainer.Loader"];
    private static readonly string[] References = ["System.Private.CoreLib", "System.Runtime", "System.Collections"];

    /// <summary>The rooms of SpotTrainer.dll.</summary>
    private static FloorPlan Product => new FloorPlan("SpotTrainer",
        ["Foundation"], ["Pipeline"], ["Keys"], ["Cloud"], ["Remote"], ["KeyPairs"], ["Putty"], ["Money"], ["Market"], ["Doors"],
        ["Instances"], ["Launch"], ["Sweep"],
        ["Files"], ["Notebooks"], ["Transfer", "Conda", "Jupyter", "Jobs"], ["Runs"], ["Rehearsal"], ["Module"])
    {
        PowerShellRoom = "Pipeline",
    }
        .Keep("Renci", room => room == "Remote")
        .Keep("Amazon", room => room is not ("Foundation" or "Pipeline" or "Keys" or "Remote"))
        .Keep("System.Management.Automation", room => room != "Foundation");

    /// <summary>The rooms of SpotTrainer.Rehearsal.dll, none of which may name PowerShell.</summary>
    private static FloorPlan Stage => new FloorPlan("SpotTrainer.Rehearsal",
        ["Protocol", "Conda"], ["Market"], ["Faults"], ["Machines"], ["Ec2"], ["Endpoint"], ["Hosting"])
        .Keep("Renci", _ => false)
        .Keep("System.Management.Automation", _ => false);

    [Theory]
    [InlineData("net8.0")]
    [InlineData("net472")]
    public void No_type_of_the_module_names_a_room_that_is_not_below_it(string framework)
    {
        using var assembly = Read($"module/bin/{framework}/SpotTrainer.dll");
        Assert.Empty(Product.Check(assembly));
    }

    [Fact]
    public void No_source_of_the_module_names_a_room_that_is_not_below_it()
    {
        using var assembly = Read("module/bin/net8.0/SpotTrainer.dll");
        var sources = Sources("src/SpotTrainer");
        Assert.All(
            Product.Rooms.Except(["Runs"]),
            room => Assert.Contains(sources, file => file.Path.Contains($"/{room}/", StringComparison.Ordinal)));
        Assert.Empty(Product.Check(sources, assembly));
    }

    [Fact]
    public void The_rehearsal_has_floors_too()
    {
        using var assembly = Read("module/bin/net8.0/SpotTrainer.Rehearsal.dll");
        Assert.Empty(Stage.Check(assembly));
        Assert.Empty(Stage.Check(Sources("src/SpotTrainer.Rehearsal"), assembly));
    }

    [Fact]
    public void The_types_of_the_instances_room_form_no_circle()
    {
        using var assembly = Read("module/bin/net8.0/SpotTrainer.dll");
        Assert.Empty(TypeReferences.Circles(assembly, "SpotTrainer.Instances"));
    }

    [Fact]
    public void Each_namespace_belongs_to_one_assembly()
    {
        var assemblies = Assemblies.Select(name => Read($"module/bin/net8.0/{name}.dll")).ToArray();
        var shared = assemblies.SelectMany(
            assembly => assembly.MainModule.Types.Select(type => (type.Namespace, Assembly: assembly.Name.Name)))
            .Where(type => type.Namespace.StartsWith("SpotTrainer", StringComparison.Ordinal)).Distinct()
            .GroupBy(type => type.Namespace, StringComparer.Ordinal)
            .Where(space => space.Count() > 1).Select(space => space.Key);
        Assert.Empty(shared);
        Array.ForEach(assemblies, assembly => assembly.Dispose());
    }

    [Fact]
    public void No_public_signature_names_a_library_s_type()
    {
        using var assembly = Read("module/bin/net8.0/SpotTrainer.dll");
        Assert.Empty(PublicSignatures.Naming(assembly, "Amazon", "Renci", "Org.BouncyCastle"));
    }

    [Fact]
    public void Each_file_is_in_the_folder_of_its_room()
    {
        foreach (var (project, space) in new[] { ("src/SpotTrainer", "SpotTrainer"), ("src/SpotTrainer.Rehearsal", "SpotTrainer.Rehearsal"),
            ("tests/SpotTrainer.Tests", "SpotTrainer.Tests") })
        {
            Assert.All(Sources(project).Where(file => file.Text.Contains("\nnamespace ", StringComparison.Ordinal)), file =>
            {
                var folder = Path.GetRelativePath(Path.Combine(Root, project), Path.GetDirectoryName(file.Path)!).Replace('/', '.');
                Assert.Contains($"namespace {(folder == "." ? space : $"{space}.{folder}")};", file.Text, StringComparison.Ordinal);
            });
        }
    }

    [Theory]
    [InlineData("namespace SpotTrainer.Keys; class Low { object? high = new SpotTrainer.Launch.High(); }", "Low")]
    [InlineData("namespace SpotTrainer.Keys; class Low { void Call() => SpotTrainer.Launch.High.Do(); }", "Low")]
    [InlineData("namespace SpotTrainer.Keys; class Low { System.Collections.Generic.List<SpotTrainer.Launch.High[]>? highs; }", "Low")]
    [InlineData("namespace SpotTrainer.Keys; class Low { class Inner { void Do() { System.Func<object> late = () => new SpotTrainer.Launch.High(); } } }", "Low")]
    [InlineData("namespace SpotTrainer.Keys; [SpotTrainer.Launch.Mark(typeof(SpotTrainer.Launch.High))] class Low { }", "Low")]
    [InlineData("namespace SpotTrainer.Jobs; class Low { SpotTrainer.Conda.Step? other; }", "Low")]
    [InlineData("namespace SpotTrainer.Jobs; class Low { Renci.SshNet.SftpClient? client; }", "Low")]
    [InlineData("namespace SpotTrainer.Keys; class Low { Amazon.EC2.AmazonEC2Client? client; }", "Low")]
    [InlineData("namespace SpotTrainer.Remote; class Low { Amazon.EC2.AmazonEC2Client? client; }", "Low")]
    [InlineData("namespace SpotTrainer.Launch; class Low { System.Management.Automation.PSObject? value; }", "Low")]
    [InlineData("namespace SpotTrainer.Foundation; class Low : System.Management.Automation.PSCmdlet { System.Management.Automation.PSObject? value; }", "Low")]
    [InlineData("namespace SpotTrainer; public class Low { }", "Low")]
    public void A_planted_reference_in_the_assembly_is_found(string source, string type)
    {
        using var assembly = Compile(source);
        Assert.Contains(Product.Check(assembly), violation => violation.Contains(type, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("using SpotTrainer.Launch; namespace SpotTrainer.Keys; class Low { const int Copy = High.Most; }")]
    [InlineData("using static SpotTrainer.Launch.High; namespace SpotTrainer.Keys; class Low { const int Copy = Most; }")]
    [InlineData("using Up = SpotTrainer.Launch.High; namespace SpotTrainer.Keys; class Low { const int Copy = Up.Most; }")]
    [InlineData("namespace SpotTrainer.Keys; class Low { const int Copy = SpotTrainer.Launch.High.Most; }")]
    [InlineData("namespace SpotTrainer.Keys; class Low { const int Copy = Launch.High.Most; }")]
    [InlineData("namespace SpotTrainer.Keys; class Low { string name = nameof(Launch.High); }")]
    [InlineData("namespace SpotTrainer.Keys; class Low { int goal = (int)Launch.Goal.Ready; }")]
    [InlineData("namespace SpotTrainer.Jobs; class Low { string name = nameof(Conda.Step); }")]
    [InlineData("using Renci.SshNet; namespace SpotTrainer.Jobs; class Low { string name = nameof(SftpClient); }")]
    [InlineData("namespace SpotTrainer.Keys; class Low { string name = nameof(Amazon.EC2.AmazonEC2Client); }")]
    [InlineData("using System.Management.Automation; namespace SpotTrainer.Launch; class Low { string name = nameof(PSObject); }")]
    public void A_planted_reference_that_leaves_nothing_in_the_assembly_is_found_in_the_source(string source)
    {
        using var assembly = Compile(source);
        Assert.NotEmpty(Product.Check([("Low.cs", source), ("High.cs", Neighbors)], assembly));
    }

    [Theory]
    [InlineData(
        "using SpotTrainer.Keys; namespace SpotTrainer.Launch; class Above { Step? low; }", "namespace SpotTrainer.Keys; class Step { }")]
    [InlineData("namespace SpotTrainer.Launch; class Above : System.Management.Automation.PSCmdlet { System.Management.Automation.PSObject? value; }", "namespace SpotTrainer.Keys; class Step { }")]
    public void What_the_plan_allows_is_not_found(string source, string other)
    {
        using var assembly = Compile(source, other);
        Assert.Empty(Product.Check(assembly));
        Assert.Empty(Product.Check([("Above.cs", source), ("Other.cs", other)], assembly));
    }

    [Fact]
    public void A_planted_circle_is_found()
    {
        const string circle = "namespace SpotTrainer.Keys; class One { Two? two; } class Two { Three? three; } class Three { void Do(One one) { } } class Four { One? one; }";
        using var assembly = Compile(circle);
        Assert.Equal(
            "SpotTrainer.Keys.One SpotTrainer.Keys.Three SpotTrainer.Keys.Two",
            Assert.Single(TypeReferences.Circles(assembly, "SpotTrainer.Keys")));
    }

    private const string Neighbors = """
        namespace SpotTrainer.Launch
        {
            public class High { public const int Most = 3; public static void Do() { } }
            public enum Goal { Ready }
            public class MarkAttribute(System.Type type) : System.Attribute { public System.Type Type => type; }
        }
        namespace SpotTrainer.Conda { public class Step { } }
        namespace Renci.SshNet { public class SftpClient { } }
        namespace Amazon.EC2 { public class AmazonEC2Client { } }
        namespace System.Management.Automation { public class PSObject { } public class Cmdlet { } public class PSCmdlet : Cmdlet { } }
        """;

    private static AssemblyDefinition Read(string path)
    {
        var full = Path.Combine(Root, path);
        var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(Path.GetDirectoryName(full)!);
        resolver.AddSearchDirectory(AppContext.BaseDirectory);
        resolver.AddSearchDirectory(Path.GetDirectoryName(typeof(object).Assembly.Location)!);
        return AssemblyDefinition.ReadAssembly(full, new ReaderParameters { AssemblyResolver = resolver });
    }

    private static (string Path, string Text)[] Sources(string project) =>
        Directory.EnumerateFiles(Path.Combine(Root, project), "*.cs", SearchOption.AllDirectories)
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
        .Select(path => (path, File.ReadAllText(path))).Where(file => !file.Item2.Contains("[assembly:", StringComparison.Ordinal))
        .ToArray();

    private static AssemblyDefinition Compile(params string[] sources)
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var compilation = CSharpCompilation.Create(
            "Planted", sources.Append(Neighbors).Select(source => CSharpSyntaxTree.ParseText(source)),
            References.Select(name => MetadataReference.CreateFromFile(Path.Combine(framework, name + ".dll"))),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        image.Position = 0;
        return AssemblyDefinition.ReadAssembly(image);
    }
}
