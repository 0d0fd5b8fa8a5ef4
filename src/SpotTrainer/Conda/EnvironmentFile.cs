using SpotTrainer.Foundation;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace SpotTrainer.Conda;

/// <summary>
/// Reads a file that says what a stack has: an environment.yml (conda's "Creating an environment file manually"), or a requirements.txt
/// (pip's "Requirements File Format"), of which only names and versions can be used.
/// </summary>
internal static class EnvironmentFile
{
    /// <summary>Larger files are something else.</summary>
    private const int MostBytes = 1024 * 1024;

    /// <summary>Adds what a file asks for to a request.</summary>
    /// <exception cref="SpotTrainerException"><c>EnvironmentFileInvalid</c>, <c>FileNotFound</c>.</exception>
    public static CondaRequest AddTo(CondaRequest request, string path)
    {
        if (!File.Exists(path))
        {
            throw new SpotTrainerException("FileNotFound", ErrorKind.ObjectNotFound, $"The file {path} does not exist.",
                "Check -EnvironmentFile.", path);
        }

        if (new FileInfo(path).Length > MostBytes)
        {
            throw Invalid(path, "it has more than 1 MiB.");
        }

        var text = File.ReadAllText(path);
        return Path.GetExtension(path).ToLowerInvariant() is ".yml" or ".yaml" ? AddYaml(request, text, path)
            : request with { PipPackages = [.. request.PipPackages, .. Requirements(text, path)] };
    }

    private static IEnumerable<string> Requirements(string text, string path)
    {
        var number = 0;
        foreach (var line in text.Replace("\\\r\n", " ").Replace("\\\n", " ").Split('\n').Select(line => line.Trim()))
        {
            number++;
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            yield return line[0] != '-' ? line : throw Invalid(path, $"line {number} is '{line}', an option of pip or another file, which only pip on "
                + "the host could read.");
        }
    }

    private static CondaRequest AddYaml(CondaRequest request, string text, string path)
    {
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            if (yaml.Documents.Count != 1 || yaml.Documents[0].RootNode is not YamlMappingNode root)
            {
                throw Invalid(path, "it has no keys such as 'dependencies:'.");
            }

            var packages = new List<string>();
            var pip = new List<string>();
            foreach (var node in Items(root, "dependencies", path))
            {
                switch (node)
                {
                    case YamlScalarNode { Value: { Length: > 0 } spec }:
                        packages.Add(spec);
                        break;
                    case YamlMappingNode { Children.Count: 1 } more when more.Children.Keys.First() is YamlScalarNode { Value: "pip" }:
                        pip.AddRange(Requirements(string.Join("\n", Items(more, "pip", path).Select(line => Scalar(line, path))), path));
                        break;
                    default:
                        throw Invalid(path, $"line {node.Start.Line} is neither a package nor 'pip:'.");
                }
            }

            var channels = Items(root, "channels", path).Select(node => Scalar(node, path)).Where(name => name != "nodefaults").ToArray();
            return request with
            {
                Packages = [.. request.Packages, .. packages],
                PipPackages = [.. request.PipPackages, .. pip],
                Channels = channels.Length > 0 ? channels : request.Channels,
                Variables = Variables(root, path),
            };
        }
        catch (YamlException exception)
        {
            throw Invalid(path, Place(exception, text) + ErrorTranslation.FirstSentence(exception.Message), exception);
        }
    }

    /// <summary>Returns where a file is wrong. For a tab, the reader names only the start of the list that has it.</summary>
    private static string Place(YamlException exception, string text)
    {
        var tab = exception.Message.Contains("tab") ? Array.FindIndex(text.Split('\n'), line => line.TrimStart(' ').StartsWith("\t", StringComparison.Ordinal)) : -1;
        return tab >= 0 ? $"line {tab + 1}: " : $"line {exception.End.Line}, column {exception.End.Column}: ";
    }

    private static IEnumerable<YamlNode> Items(YamlMappingNode node, string key, string path) =>
        !node.Children.TryGetValue(new YamlScalarNode(key), out var value) || value is YamlScalarNode { Value: "" or null } ? []
        : value is YamlSequenceNode list ? list.Children
        : throw Invalid(path, $"line {value.Start.Line}, column {value.Start.Column}: '{key}' must be a list.");

    private static IReadOnlyDictionary<string, string> Variables(YamlMappingNode root, string path)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        if (root.Children.TryGetValue(new YamlScalarNode("variables"), out var node))
        {
            foreach (var pair in node as YamlMappingNode ?? throw Invalid(path, $"line {node.Start.Line}: 'variables' must have names and values."))
            {
                found[Scalar(pair.Key, path)] = Scalar(pair.Value, path);
            }
        }

        return found;
    }

    private static string Scalar(YamlNode node, string path) => node is YamlScalarNode { Value: { } text } ? text
        : throw Invalid(path, $"line {node.Start.Line}, column {node.Start.Column}: a text was expected.");

    private static SpotTrainerException Invalid(string path, string why, Exception? inner = null) => new(
        "EnvironmentFileInvalid", ErrorKind.InvalidData, $"{path} cannot be used: {why}",
        "Correct the file, or pass its packages with -Package and -PipPackage.", path, inner);
}
