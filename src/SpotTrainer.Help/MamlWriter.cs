using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace SpotTrainer.Help;

/// <summary>Writes pages as the XML that Get-Help reads.</summary>
internal static class MamlWriter
{
    private static readonly XNamespace Root = "http://msh";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    /// <summary>Writes the file, and creates its folder if necessary.</summary>
    public static void Write(IEnumerable<HelpPage> pages, string path)
    {
        var document = new XDocument(new XElement(
            Root + "helpItems",
            new XAttribute("schema", "maml"),
            new XAttribute(XNamespace.Xmlns + "maml", Maml),
            new XAttribute(XNamespace.Xmlns + "command", Command),
            new XAttribute(XNamespace.Xmlns + "dev", Dev),
            pages.Select(Page)));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var writer = XmlWriter.Create(
            path, new XmlWriterSettings { Indent = true, NewLineChars = "\n", Encoding = new UTF8Encoding(false) });
        document.Save(writer);
    }

    private static XElement Page(HelpPage page)
    {
        var dash = page.Name.IndexOf('-', StringComparison.Ordinal);
        return new XElement(
            Command + "command",
            new XElement(
                Command + "details",
                new XElement(Command + "name", page.Name),
                new XElement(Command + "verb", page.Name[..Math.Max(0, dash)]),
                new XElement(Command + "noun", page.Name[(dash + 1)..]),
                Paragraphs(Maml + "description", page.Synopsis)),
            Paragraphs(Maml + "description", page.Description),
            new XElement(Command + "syntax", Sets(page).Select(set => Syntax(page, set))),
            new XElement(Command + "parameters", page.Parameters.OrderBy(parameter => parameter.Name, StringComparer.Ordinal).Select(Full)),
            new XElement(Command + "inputTypes", page.Inputs.Select(input => Type(Command + "inputType", input))),
            new XElement(Command + "returnValues", page.Outputs.Select(output => Type(Command + "returnValue", output))),
            new XElement(Maml + "alertSet", new XElement(Maml + "alert", page.Notes.Select(Paragraph))),
            new XElement(Command + "examples", page.Examples.Select(Example)),
            new XElement(
                Command + "relatedLinks",
                page.Links.Select(link => new XElement(
                    Maml + "navigationLink",
                    new XElement(Maml + "linkText", link.Text),

                    // A link to another page is a cmdlet name, which Get-Help finds without an address.
                    new XElement(Maml + "uri", Uri.IsWellFormedUriString(link.Address, UriKind.Absolute) ? link.Address : string.Empty)))));
    }

    private static List<string> Sets(HelpPage page)
    {
        var sets = page.Parameters.SelectMany(parameter => parameter.ParameterSets)
            .Where(set => !string.Equals(set, "(All)", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
        return sets.Count > 0 ? sets : ["(All)"];
    }

    private static XElement Syntax(HelpPage page, string set) => new(
        Command + "syntaxItem",
        new XElement(Maml + "name", page.Name),
        page.Parameters.Where(parameter => parameter.IsIn(set)).OrderBy(Order).Select(parameter => Parameter(parameter)));

    private static int Order(HelpParameter parameter) =>
        int.TryParse(parameter.Position, CultureInfo.InvariantCulture, out var position) ? position : parameter.IsRequired ? 1000 : 2000;

    private static XElement Parameter(HelpParameter parameter) => new(
        Command + "parameter",
        new XAttribute("required", parameter.IsRequired ? "true" : "false"),
        new XAttribute("variableLength", "true"),
        new XAttribute("globbing", parameter.HasWildcards ? "true" : "false"),
        new XAttribute("pipelineInput", parameter.PipelineInput),
        new XAttribute("position", parameter.Position),
        new XAttribute("aliases", parameter.Aliases.Length == 0 ? "none" : parameter.Aliases),
        new XElement(Maml + "name", parameter.Name),
        Paragraphs(Maml + "description", parameter.Paragraphs),
        parameter.IsSwitch ? null : new XElement(Command + "parameterValue", new XAttribute("required", "true"), parameter.Type),
        new XElement(Dev + "type", new XElement(Maml + "name", parameter.Type), new XElement(Maml + "uri")),
        new XElement(Dev + "defaultValue", parameter.Default));

    /// <summary>In the list of parameters, a switch also shows its type. In the syntax it takes no value.</summary>
    private static XElement Full(HelpParameter parameter)
    {
        var element = Parameter(parameter);
        if (parameter.IsSwitch)
        {
            element.Element(Dev + "type")!.AddBeforeSelf(
                new XElement(Command + "parameterValue", new XAttribute("required", "false"), parameter.Type));
        }

        return element;
    }

    private static XElement Example(HelpExample example) => new(
        Command + "example",
        new XElement(Maml + "title", $"-------- {example.Title} --------"),
        new XElement(Dev + "code", example.Code),
        Paragraphs(Dev + "remarks", example.Remarks));

    private static XElement Type(XName name, (string Type, List<string> Paragraphs) type) => new(
        name,
        new XElement(Dev + "type", new XElement(Maml + "name", type.Type)),
        Paragraphs(Maml + "description", type.Paragraphs));

    private static XElement Paragraphs(XName name, IEnumerable<string> paragraphs) => new(name, paragraphs.Select(Paragraph));

    private static XElement Paragraph(string text) => new(Maml + "para", text);
}
