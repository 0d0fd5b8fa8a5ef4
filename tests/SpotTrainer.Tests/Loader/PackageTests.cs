using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Loader;

public sealed class PackageTests
{
    private static readonly string[] Given = ["System.Management.Automation"];

    /// <summary>Assemblies that are loaded by name at run time, without a reference.</summary>
    private static readonly string[] ByName =
        ["SpotTrainer", "SpotTrainer.Loader", "SpotTrainer.Rehearsal", "AWSSDK.SecurityToken", "AWSSDK.SSO", "AWSSDK.SSOOIDC"];

    [Fact]
    public void Windows_PowerShell_finds_every_assembly()
    {
        var shipped = Assemblies(Bin("net472"));
        var framework = Assemblies(BuildFacts.FrameworkReferences);
        foreach (var (name, version) in Assemblies(Path.Combine(BuildFacts.FrameworkReferences, "Facades")))
        {
            framework.TryAdd(name, version);
        }

        var missing =
            from file in Directory.GetFiles(Bin("net472"), "*.dll")
            from reference in References(file)
            where !Given.Contains(reference.Name, StringComparer.Ordinal)
            where !Satisfies(shipped, reference) && !Satisfies(framework, reference)
            select $"{Path.GetFileName(file)} -> {reference.FullName}";

        Assert.Empty(missing);
    }

    [Theory]
    [InlineData("net472")]
    [InlineData("net8.0")]
    public void Every_shipped_assembly_is_needed(string target)
    {
        var needed = new HashSet<string>(ByName, StringComparer.OrdinalIgnoreCase);
        var open = new Queue<string>(ByName);
        while (open.TryDequeue(out var name))
        {
            var file = Path.Combine(Bin(target), name + ".dll");
            foreach (var reference in File.Exists(file) ? References(file) : [])
            {
                if (needed.Add(reference.Name!))
                {
                    open.Enqueue(reference.Name!);
                }
            }
        }

        Assert.DoesNotContain(Assemblies(Bin(target)).Keys, name => !needed.Contains(name));
    }

    [Fact]
    public void The_package_has_the_module_and_nothing_else()
    {
        var files = Directory.GetFiles(BuildFacts.Package, "*", SearchOption.AllDirectories);

        Assert.All(
            files,
            file => Assert.Contains(
                Path.GetExtension(file), new[] { string.Empty, ".psd1", ".psm1", ".ps1xml", ".dll", ".xml", ".txt" },
                StringComparer.Ordinal));
        Assert.All(
            files.Where(file => file.EndsWith(".xml", StringComparison.Ordinal)),
            file => Assert.EndsWith("-Help.xml", file, StringComparison.Ordinal));
        Assert.DoesNotContain(files, file => Path.GetFileName(file).StartsWith("System.Management.Automation", StringComparison.Ordinal)
            || Path.GetFileName(file).StartsWith("Microsoft.PowerShell", StringComparison.Ordinal));
    }

    private static string Bin(string target) => Path.Combine(BuildFacts.Package, "module", "bin", target);

    private static Dictionary<string, AssemblyName> Assemblies(string folder) => Directory.GetFiles(folder, "*.dll")
        .Where(IsAssembly).Select(AssemblyName.GetAssemblyName).ToDictionary(name => name.Name!, StringComparer.OrdinalIgnoreCase);

    /// <summary>The framework's folder has a file that is only a module of another assembly.</summary>
    private static bool IsAssembly(string file)
    {
        using var stream = File.OpenRead(file);
        using var portable = new PEReader(stream);
        return portable.HasMetadata && portable.GetMetadataReader().IsAssembly;
    }

    /// <summary>The resolve handler matches by name and the framework's facades unify upward, so the version must be high enough.</summary>
    private static bool Satisfies(Dictionary<string, AssemblyName> assemblies, AssemblyName reference) =>
        assemblies.TryGetValue(reference.Name!, out var found)
        && found.Version >= reference.Version
        && found.GetPublicKeyToken().AsSpan().SequenceEqual(reference.GetPublicKeyToken());

    private static List<AssemblyName> References(string file)
    {
        using var stream = File.OpenRead(file);
        using var portable = new PEReader(stream);
        var metadata = portable.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetAssemblyReference(handle).GetAssemblyName())];
    }
}
