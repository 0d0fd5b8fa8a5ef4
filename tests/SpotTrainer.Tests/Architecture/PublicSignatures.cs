using Mono.Cecil;

namespace SpotTrainer.Tests.Architecture;

/// <summary>Reads the public signatures of an assembly.</summary>
internal static class PublicSignatures
{
    /// <summary>Returns the public and protected members whose signatures name a type of certain namespaces.</summary>
    public static IEnumerable<string> Naming(AssemblyDefinition assembly, params string[] namespaces)
    {
        foreach (var type in assembly.MainModule.GetTypes().Where(type => type.IsPublic || type.IsNestedPublic))
        {
            var members = type.Methods.Where(method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly)
                .Select(method => (
                    method.FullName, Types: method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType)))
                .Concat(type.Fields.Where(field => field.IsPublic || field.IsFamily).Select(
                    field => (field.FullName, Types: new[] { field.FieldType }.AsEnumerable())))
                .Append((type.FullName, Types: type.Interfaces.Select(one => one.InterfaceType).Append(type.BaseType ?? type)));
            foreach (var (name, types) in members)
            {
                if (types.Any(used => namespaces.Any(space => used.FullName.Contains(space + ".", StringComparison.Ordinal))))
                {
                    yield return name;
                }
            }
        }
    }
}
