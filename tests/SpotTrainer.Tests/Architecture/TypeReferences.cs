using Mono.Cecil;
using Mono.Cecil.Cil;

namespace SpotTrainer.Tests.Architecture;

/// <summary>Finds the types that a compiled type names in its signatures, attributes, and code, including nested types.</summary>
internal static class TypeReferences
{
    /// <summary>Returns the distinct full names.</summary>
    public static IReadOnlySet<string> Of(TypeDefinition type)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        Add(type, found);
        return found;
    }

    /// <summary>Returns the groups of types in a namespace that all name each other, directly or indirectly.</summary>
    public static IReadOnlyList<string> Circles(AssemblyDefinition assembly, string space)
    {
        var named = assembly.MainModule.Types.Where(type => type.Namespace == space)
            .ToDictionary(type => type.FullName, Of, StringComparer.Ordinal);
        var reached = named.Keys.ToDictionary(name => name, name => Reach(name, named), StringComparer.Ordinal);
        return named.Keys.Select(
            name => string.Join(
                " ", named.Keys.Where(other => reached[name].Contains(other) && reached[other].Contains(name))
                    .Order(StringComparer.Ordinal)))
            .Where(group => group.Contains(' ', StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToArray();
    }

    private static HashSet<string> Reach(string name, Dictionary<string, IReadOnlySet<string>> named)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var left = new Stack<string>([name]);
        while (left.TryPop(out var next))
        {
            foreach (var one in named[next].Where(one => named.ContainsKey(one) && reached.Add(one)))
            {
                left.Push(one);
            }
        }

        return reached;
    }

    private static void Add(TypeDefinition type, HashSet<string> found)
    {
        Name(type.BaseType, found);
        foreach (var one in type.Interfaces)
        {
            Name(one.InterfaceType, found);
        }

        Parameters(type.GenericParameters, found);
        Attributes(type, found);
        foreach (var field in type.Fields)
        {
            Name(field.FieldType, found);
            Attributes(field, found);
        }

        foreach (var property in type.Properties)
        {
            Attributes(property, found);
        }

        foreach (var method in type.Methods)
        {
            Name(method.ReturnType, found);
            Attributes(method, found);
            Parameters(method.GenericParameters, found);
            foreach (var parameter in method.Parameters)
            {
                Name(parameter.ParameterType, found);
                Attributes(parameter, found);
            }

            if (method.HasBody)
            {
                Body(method.Body, found);
            }
        }

        foreach (var nested in type.NestedTypes)
        {
            Add(nested, found);
        }
    }

    private static void Body(MethodBody body, HashSet<string> found)
    {
        foreach (var variable in body.Variables)
        {
            Name(variable.VariableType, found);
        }

        foreach (var handler in body.ExceptionHandlers)
        {
            Name(handler.CatchType, found);
        }

        foreach (var instruction in body.Instructions)
        {
            switch (instruction.Operand)
            {
                case TypeReference used:
                    Name(used, found);
                    break;
                case MethodReference used:
                    Name(used.DeclaringType, found);
                    Name(used.ReturnType, found);
                    foreach (var parameter in used.Parameters)
                    {
                        Name(parameter.ParameterType, found);
                    }

                    if (used is GenericInstanceMethod generic)
                    {
                        foreach (var argument in generic.GenericArguments)
                        {
                            Name(argument, found);
                        }
                    }

                    break;
                case FieldReference used:
                    Name(used.DeclaringType, found);
                    Name(used.FieldType, found);
                    break;
            }
        }
    }

    private static void Parameters(IEnumerable<GenericParameter> parameters, HashSet<string> found)
    {
        foreach (var constraint in parameters.SelectMany(parameter => parameter.Constraints))
        {
            Name(constraint.ConstraintType, found);
        }
    }

    private static void Attributes(ICustomAttributeProvider owner, HashSet<string> found)
    {
        foreach (var attribute in owner.CustomAttributes)
        {
            Name(attribute.AttributeType, found);
            foreach (var argument in attribute.ConstructorArguments.Concat(attribute.Properties.Select(property => property.Argument)))
            {
                Argument(argument, found);
            }
        }
    }

    /// <summary>Attributes can also name types in their values: [ArgumentCompleter(typeof(...))].</summary>
    private static void Argument(CustomAttributeArgument argument, HashSet<string> found)
    {
        switch (argument.Value)
        {
            case TypeReference used:
                Name(used, found);
                break;
            case CustomAttributeArgument[] list:
                Array.ForEach(list, one => Argument(one, found));
                break;
        }
    }

    private static void Name(TypeReference? type, HashSet<string> found)
    {
        switch (type)
        {
            case null or GenericParameter:
                return;
            case GenericInstanceType generic:
                foreach (var argument in generic.GenericArguments)
                {
                    Name(argument, found);
                }

                Name(generic.ElementType, found);
                return;
            case TypeSpecification specification:
                Name(specification.ElementType, found);
                return;
        }

        var outer = type;
        while (outer.DeclaringType is not null)
        {
            outer = outer.DeclaringType;
        }

        found.Add(outer.FullName);
    }
}
