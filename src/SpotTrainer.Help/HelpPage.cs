using Markdig;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace SpotTrainer.Help;

/// <summary>A cmdlet's page in docs/en-US, in platyPS's layout.</summary>
internal sealed class HelpPage
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UseYamlFrontMatter().UsePreciseSourceLocation()
        .Build();

    private HelpPage(string name) => Name = name;

    public string Name { get; }

    public IReadOnlyList<string> Synopsis { get; private set; } = [];

    public IReadOnlyList<string> Description { get; private set; } = [];

    public List<HelpExample> Examples { get; } = [];

    public List<HelpParameter> Parameters { get; } = [];

    /// <summary>Type names, each with its description.</summary>
    public List<(string Type, List<string> Paragraphs)> Inputs { get; } = [];

    /// <inheritdoc cref="Inputs"/>
    public List<(string Type, List<string> Paragraphs)> Outputs { get; } = [];

    public IReadOnlyList<string> Notes { get; private set; } = [];

    public List<(string Text, string Address)> Links { get; } = [];

    /// <summary>Reads a page.</summary>
    /// <exception cref="FormatException">The page does not have the required layout.</exception>
    public static HelpPage Read(string path) => Parse(File.ReadAllText(path), path);

    /// <inheritdoc cref="Read"/>
    public static HelpPage Parse(string markdown, string path)
    {
        var blocks = Markdown.Parse(markdown, Pipeline).Where(block => block is not YamlFrontMatterBlock).ToList();
        if (blocks is not [HeadingBlock { Level: 1 } title, ..])
        {
            throw Wrong(path, line: 0, "the page must start with '# ' and the cmdlet's name");
        }

        var page = new HelpPage(Text(title.Inline));
        if (!string.Equals(page.Name, Path.GetFileNameWithoutExtension(path), StringComparison.Ordinal))
        {
            throw Wrong(path, title.Line, $"the file name does not match the page's title, {page.Name}");
        }

        foreach (var (heading, body) in Sections(blocks.Skip(1), level: 2))
        {
            page.Take(heading, body, path);
        }

        return page.Synopsis.Count > 0 ? page : throw Wrong(path, title.Line, "the section ## SYNOPSIS is missing");
    }

    private static FormatException Wrong(string path, int line, string problem) => new($"{path}({line + 1}): error HELP1: {problem}.");

    private void Take(HeadingBlock heading, List<Block> body, string path)
    {
        switch (Text(heading.Inline).ToUpperInvariant())
        {
            case "SYNOPSIS":
                Synopsis = Paragraphs(body);
                break;
            case "SYNTAX":
                // The parameters' yaml blocks say the same, and the help is generated from those.
                break;
            case "DESCRIPTION":
                Description = Paragraphs(body);
                break;
            case "EXAMPLES":
                Examples.AddRange(Sections(body, level: 3).Select(Example));
                break;
            case "PARAMETERS":
                TakeParameters(body, path);
                break;
            case "INPUTS":
                Inputs.AddRange(Sections(body, level: 3).Select(section => (Text(section.Heading.Inline), Paragraphs(section.Body))));
                break;
            case "OUTPUTS":
                Outputs.AddRange(Sections(body, level: 3).Select(section => (Text(section.Heading.Inline), Paragraphs(section.Body))));
                break;
            case "NOTES":
                Notes = Paragraphs(body);
                break;
            case "RELATED LINKS":
                Links.AddRange(
                    body.OfType<LeafBlock>().SelectMany(block => block.Inline?.Descendants<LinkInline>() ?? [])
                        .Select(link => (Text(link), link.Url ?? string.Empty)));
                break;
            default:
                throw Wrong(path, heading.Line, $"the section '{Text(heading.Inline)}' is unknown");
        }
    }

    private void TakeParameters(List<Block> body, string path)
    {
        foreach (var (heading, blocks) in Sections(body, level: 3))
        {
            var name = Text(heading.Inline);
            if (string.Equals(name, "CommonParameters", StringComparison.Ordinal))
            {
                // Get-Help adds these itself.
                continue;
            }

            var facts = blocks.OfType<FencedCodeBlock>().LastOrDefault(
                block => string.Equals(block.Info, "yaml", StringComparison.Ordinal));
            if (!name.StartsWith('-') || facts is null)
            {
                throw Wrong(path, heading.Line, $"'{name}' must be a parameter's name with a dash, followed by a yaml block");
            }

            blocks.Remove(facts);
            Parameters.Add(new HelpParameter(name[1..], Paragraphs(blocks), Facts(facts)));
        }
    }

    private static Dictionary<string, string> Facts(FencedCodeBlock block)
    {
        var facts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in Code(block).Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                facts[line[..colon].Trim()] = line[(colon + 1)..].Trim();
            }
        }

        return facts;
    }

    private static HelpExample Example((HeadingBlock Heading, List<Block> Body) section)
    {
        var code = section.Body.OfType<FencedCodeBlock>().ToList();
        return new HelpExample(
            Text(section.Heading.Inline),
            string.Join("\n\n", code.Select(Code)),
            Paragraphs(section.Body.Where(block => block is not FencedCodeBlock)));
    }

    private static IEnumerable<(HeadingBlock Heading, List<Block> Body)> Sections(IEnumerable<Block> blocks, int level)
    {
        HeadingBlock? heading = null;
        var body = new List<Block>();
        foreach (var block in blocks)
        {
            if (block is HeadingBlock next && next.Level == level)
            {
                if (heading is not null)
                {
                    yield return (heading, body);
                }

                (heading, body) = (next, []);
            }
            else
            {
                body.Add(block);
            }
        }

        if (heading is not null)
        {
            yield return (heading, body);
        }
    }

    private static List<string> Paragraphs(IEnumerable<Block> blocks)
    {
        var paragraphs = new List<string>();
        foreach (var block in blocks)
        {
            switch (block)
            {
                case ListBlock list:
                    paragraphs.AddRange(list.OfType<ListItemBlock>().Select(item => "- " + string.Join(" ", Paragraphs(item))));
                    break;
                case CodeBlock code:
                    paragraphs.Add(Code(code));
                    break;
                case ContainerBlock container:
                    paragraphs.AddRange(Paragraphs(container));
                    break;
                case LeafBlock leaf when Text(leaf.Inline) is { Length: > 0 } text:
                    paragraphs.Add(text);
                    break;
            }
        }

        return paragraphs;
    }

    private static string Code(LeafBlock block) => block.Lines.ToString().ReplaceLineEndings("\n").TrimEnd();

    private static string Text(ContainerInline? inlines) => inlines is null ? string.Empty : string.Concat(inlines.Select(Text)).Trim(' ');

    private static string Text(Inline inline) => inline switch
    {
        LiteralInline literal => literal.Content.ToString(),
        CodeInline code => code.Content,
        LineBreakInline => " ",
        HtmlEntityInline entity => entity.Transcoded.ToString(),
        AutolinkInline link => link.Url,
        ContainerInline container => string.Concat(container.Select(Text)),
        _ => string.Empty,
    };
}
