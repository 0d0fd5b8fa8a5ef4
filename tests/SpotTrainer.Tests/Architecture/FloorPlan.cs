using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Mono.Cecil;

namespace SpotTrainer.Tests.Architecture;

/// <summary>
/// The rooms of an assembly, from the ground up. A room is a namespace below the root, and the folder with the same name. Types in a room
/// may name only types in lower rooms. Rooms on the same floor must not name each other.
/// </summary>
/// <param name="root">The namespace above the rooms.</param>
/// <param name="floors">The rooms of each floor, from the ground up.</param>
internal sealed class FloorPlan(string root, params string[][] floors)
{
    private const string PowerShell = "System.Management.Automation";

    /// <summary>Types that derive from one of these are part of PowerShell's machinery and may name PowerShell.</summary>
    private static readonly string[] PowerShellBases =
    [
        $"{PowerShell}.Cmdlet", $"{PowerShell}.Internal.CmdletMetadataAttribute", $"{PowerShell}.IArgumentCompleter",
        $"{PowerShell}.IModuleAssemblyInitializer", $"{PowerShell}.IModuleAssemblyCleanup",
    ];

    /// <summary>The libraries that only some rooms may name.</summary>
    private readonly List<(string Namespace, Func<string, bool> IsAllowed)> guests = [];

    /// <summary>All rooms.</summary>
    public IEnumerable<string> Rooms => floors.SelectMany(floor => floor);

    /// <summary>The one room that may name PowerShell everywhere; null if no room may.</summary>
    public string? PowerShellRoom { get; init; }

    /// <summary>Allows a library's namespace in some rooms only.</summary>
    public FloorPlan Keep(string guest, Func<string, bool> isAllowed)
    {
        guests.Add((guest, isAllowed));
        return this;
    }

    /// <summary>Reads a compiled assembly and returns each reference that the plan forbids.</summary>
    public IEnumerable<string> Check(AssemblyDefinition assembly)
    {
        foreach (var type in assembly.MainModule.Types.Where(type => type.Name != "<Module>"))
        {
            if (RoomOf(type.FullName) is not { } room)
            {
                // Types that the compiler adds for an older framework are in that framework's namespaces.
                if (type.Namespace.StartsWith(root, StringComparison.Ordinal) && type.IsPublic)
                {
                    yield return $"{type.FullName} is not in a room.";
                }

                continue;
            }

            var speaksPowerShell = room == PowerShellRoom || IsOfPowerShell(type);
            foreach (var used in TypeReferences.Of(type))
            {
                if (RoomOf(used) is { } other && IsUpward(room, other))
                {
                    yield return $"{type.FullName} names {used}, which is not below it.";
                }

                if (guests.Exists(guest => IsIn(used, guest.Namespace) && !guest.IsAllowed(room)))
                {
                    yield return $"{type.FullName} names {used}, which its room must not.";
                }

                if (IsIn(used, PowerShell) && !speaksPowerShell)
                {
                    yield return $"{type.FullName} names {used}, but is not a cmdlet, attribute, or completer.";
                }
            }
        }
    }

    /// <summary>
    /// Reads sources and returns each using directive and qualified name that the plan forbids. A constant, an enum value, or a nameof
    /// leaves no trace in the assembly.
    /// </summary>
    /// <param name="files">The path and the text of each file. The folder below the project folder is the room.</param>
    /// <param name="assembly">The assembly that the files are compiled to.</param>
    public IEnumerable<string> Check(IReadOnlyList<(string Path, string Text)> files, AssemblyDefinition assembly)
    {
        var trees = files.Select(file => CSharpSyntaxTree.ParseText(file.Text, path: file.Path).GetCompilationUnitRoot()).ToArray();
        var declared = trees.SelectMany(tree => tree.DescendantNodes().OfType<BaseTypeDeclarationSyntax>())
            .Where(type => type.Parent is BaseNamespaceDeclarationSyntax)
            .Select(type => $"{NamespaceOf(type)}.{type.Identifier.Text}").ToHashSet(StringComparer.Ordinal);
        foreach (var tree in trees)
        {
            var types = tree.DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
                .Where(type => type.Parent is BaseNamespaceDeclarationSyntax).ToArray();
            if (types.Length == 0 || RoomOf($"{NamespaceOf(types[0])}.X") is not { } room)
            {
                continue;
            }

            var speaksPowerShell = room == PowerShellRoom || Array.Exists(
                types, type => assembly.MainModule.GetType($"{NamespaceOf(type)}.{type.Identifier.Text}") is { } compiled
                    && IsOfPowerShell(compiled));
            foreach (var name in Names(tree))
            {
                if (RoomNamedBy(name, declared) is { } other && IsUpward(room, other))
                {
                    yield return $"{tree.SyntaxTree.FilePath} names {name}, which is not below {room}.";
                }

                if (guests.Exists(guest => IsIn(name, guest.Namespace) && !guest.IsAllowed(room)))
                {
                    yield return $"{tree.SyntaxTree.FilePath} names {name}, which {room} must not.";
                }

                if (IsIn(name, PowerShell) && !speaksPowerShell)
                {
                    yield return $"{tree.SyntaxTree.FilePath} names {name}, but does not contain a cmdlet, attribute, or completer.";
                }
            }
        }
    }

    private static string NamespaceOf(BaseTypeDeclarationSyntax type) => ((BaseNamespaceDeclarationSyntax)type.Parent!).Name.ToString();

    private static bool IsIn(string name, string space) =>
        name.StartsWith(space, StringComparison.Ordinal) && (name.Length == space.Length || name[space.Length] == '.');

    /// <summary>Returns the names in using directives and the longest qualified names in the code, without doc comments.</summary>
    private static IEnumerable<string> Names(CompilationUnitSyntax tree) => tree.DescendantNodes().Where(node =>
            node is QualifiedNameSyntax or MemberAccessExpressionSyntax or IdentifierNameSyntax { Parent: UsingDirectiveSyntax }
            && node.Parent is not (QualifiedNameSyntax or MemberAccessExpressionSyntax or BaseNamespaceDeclarationSyntax))
        .Select(node => string.Concat(node.ToString().Where(letter => !char.IsWhiteSpace(letter))));

    private static bool IsOfPowerShell(TypeDefinition type)
    {
        for (var current = type; current is not null; current = current.BaseType?.Resolve())
        {
            if (current.Interfaces.Select(one => one.InterfaceType).Append(current.BaseType).Any(known =>
                known is not null && PowerShellBases.Contains(known.FullName, StringComparer.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    private string? RoomNamedBy(string name, HashSet<string> declared)
    {
        var parts = name.Split('.');
        var (space, rest) = IsIn(name, root) ? (root, parts[root.Split('.').Length..]) : (root, parts);
        return rest.Length > 0 && Rooms.Contains(rest[0], StringComparer.Ordinal)
            && (IsIn(name, root) || (rest.Length > 1 && declared.Contains($"{space}.{rest[0]}.{rest[1]}"))) ? rest[0] : null;
    }

    private string? RoomOf(string fullName)
    {
        if (!fullName.StartsWith(root + ".", StringComparison.Ordinal))
        {
            return null;
        }

        var rest = fullName[(root.Length + 1)..];
        var end = rest.IndexOf('.', StringComparison.Ordinal);
        return end > 0 && Rooms.Contains(rest[..end], StringComparer.Ordinal) ? rest[..end] : null;
    }

    private bool IsUpward(string room, string other) => room != other && FloorOf(other) >= FloorOf(room);

    private int FloorOf(string room) => Array.FindIndex(floors, floor => floor.Contains(room, StringComparer.Ordinal));
}
