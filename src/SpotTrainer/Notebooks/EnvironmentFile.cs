using System.Globalization;
using SpotTrainer.Foundation;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SpotTrainer.Notebooks;

/// <summary>The packages that an environment.yml or a requirements.txt names.</summary>
/// <param name="Packages">Their names, without versions.</param>
/// <param name="IsComplete">Whether it names all of them: it includes no other file, no folder, and no address.</param>
internal sealed record EnvironmentFile(IReadOnlyList<string> Packages, bool IsComplete)
{
    /// <summary>Lists of packages are short. What is longer was not written by hand.</summary>
    private const long MostBytes = 1024 * 1024;

    private const int MostDepth = 20;

    private static readonly char[] NameEnds = ['=', '<', '>', '!', '~', ';', '[', '(', ' ', '\t', '@', ',', '*', '|'];

    /// <summary>Reads a file.</summary>
    /// <exception cref="SpotTrainerException"><c>EnvironmentFileNotFound</c>, <c>EnvironmentFileInvalid</c>.</exception>
    public static EnvironmentFile Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new SpotTrainerException("EnvironmentFileNotFound", ErrorKind.ObjectNotFound, $"The file {path} does not exist.",
                "Check -EnvironmentFile.", path);
        }

        if (new FileInfo(path).Length > MostBytes)
        {
            throw Invalid(path, "it is larger than 1 MiB", "Check -EnvironmentFile.");
        }

        var text = File.ReadAllText(path);
        return path.EndsWith(".yml", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase)
            ? OfYaml(path, text) : Of(text.Split('\n'));
    }

    /// <summary>Reads what a user gave, or the lines of a requirements.txt: names with versions.</summary>
    public static EnvironmentFile Of(IEnumerable<string> lines)
    {
        var packages = new List<string>();
        var isComplete = true;
        foreach (var line in lines)
        {
            var comment = line.IndexOf(" #", StringComparison.Ordinal);
            var text = (comment >= 0 ? line.Substring(0, comment) : line).Trim();
            if (text.Length == 0 || text[0] == '#')
            {
                continue;
            }

            // Options, and what is installed from a folder or an address.
            if (text[0] == '-' || text[0] == '.' || text[0] == '/' || text.IndexOf("://", StringComparison.Ordinal) is >= 0 and var at
                && text.IndexOf('@') is var name && (name < 0 || name > at))
            {
                isComplete &= text.StartsWith("--", StringComparison.Ordinal) && !text.StartsWith("--requirement", StringComparison.Ordinal)
                    && !text.StartsWith("--editable", StringComparison.Ordinal);
                continue;
            }

            var channel = text.IndexOf("::", StringComparison.Ordinal);
            var start = channel >= 0 ? channel + 2 : 0;
            var end = text.IndexOfAny(NameEnds, start);
            packages.Add(end < 0 ? text.Substring(start) : text.Substring(start, end - start));
        }

        return new EnvironmentFile(packages, isComplete);
    }

    private static EnvironmentFile OfYaml(string path, string text)
    {
        try
        {
            // Events, because building a document of a hostile file could take all memory or overflow the stack.
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            parser.Consume<DocumentStart>();
            if (ReadNode(parser, 0) is not Dictionary<string, object?> root
                || !root.TryGetValue("dependencies", out var listed) || listed is not List<object?> items)
            {
                throw Invalid(path, "it has no list of dependencies", "An environment.yml has the packages in the list 'dependencies'.");
            }

            var pip = items.OfType<Dictionary<string, object?>>()
                .SelectMany(item => item.TryGetValue("pip", out var list) && list is List<object?> lines ? lines : []);
            return Of(items.Concat(pip).OfType<string>());
        }
        catch (YamlException exception)
        {
            var place = string.Format(CultureInfo.InvariantCulture, "line {0}, column {1}", exception.Start.Line, exception.Start.Column);
            throw Invalid(
                path, $"it is no valid YAML in {place}", "Check the indentation there: lists begin with '- ', and tabs are not allowed.");
        }
    }

    /// <summary>Reads a scalar, a list, or a mapping; null for anything else.</summary>
    private static object? ReadNode(Parser parser, int depth)
    {
        if (depth > MostDepth)
        {
            throw new YamlException(parser.Current!.Start, parser.Current.End, "It is too deep.");
        }

        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return scalar.Value;
        }

        if (parser.TryConsume<SequenceStart>(out _))
        {
            var list = new List<object?>();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                list.Add(ReadNode(parser, depth + 1));
            }

            return list;
        }

        if (parser.TryConsume<MappingStart>(out _))
        {
            var mapping = new Dictionary<string, object?>(StringComparer.Ordinal);
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = ReadNode(parser, depth + 1) as string ?? string.Empty;
                mapping[key] = ReadNode(parser, depth + 1);
            }

            return mapping;
        }

        parser.MoveNext();
        return null;
    }

    private static SpotTrainerException Invalid(string path, string why, string nextStep) => new(
        "EnvironmentFileInvalid", ErrorKind.InvalidData, $"{path} is not a list of packages: {why}.", nextStep, path);
}
