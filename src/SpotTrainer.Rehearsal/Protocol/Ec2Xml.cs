using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace SpotTrainer.Rehearsal.Protocol;

/// <summary>Builds the elements of EC2's responses.</summary>
internal static class Ec2Xml
{
    /// <summary>The version of EC2's API.</summary>
    public const string Version = "2016-11-15";

    private static readonly XNamespace Namespace = $"http://ec2.amazonaws.com/doc/{Version}/";

    /// <summary>Creates an element with values in EC2's format.</summary>
    public static XElement Element(string name, params object?[] content) =>
        new(Namespace + name, content.Select(Value));

    /// <summary>Creates an element, or nothing if the value is <see langword="null"/>.</summary>
    public static XElement? Optional(string name, object? value) => value is null ? null : Element(name, value);

    /// <summary>Creates a list with an <c>item</c> for each entry.</summary>
    public static XElement Set<T>(string name, IEnumerable<T> entries, Func<T, object?[]> content) =>
        Element(name, entries.Select(entry => (object?)Element("item", content(entry))).ToArray());

    /// <summary>Creates a list of plain values.</summary>
    public static XElement Set<T>(string name, IEnumerable<T> entries) => Set(name, entries, entry => [entry]);

    /// <summary>A time in EC2's format.</summary>
    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The document as bytes.</summary>
    public static byte[] Bytes(XElement root)
    {
        using var stream = new MemoryStream();
        using (var writer = XmlWriter.Create(stream, new XmlWriterSettings { Encoding = new UTF8Encoding(false), CheckCharacters = false }))
        {
            root.Save(writer);
        }

        return stream.ToArray();
    }

    private static object? Value(object? value) => value switch
    {
        bool flag => flag ? "true" : "false",
        DateTimeOffset time => Time(time),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value,
    };
}
