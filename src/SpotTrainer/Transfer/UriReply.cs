using System.Globalization;
using System.Text.RegularExpressions;

namespace SpotTrainer.Transfer;

/// <summary>
/// What a server says of a file: the header of its last answer, and the start of the body. All of it is a stranger's word.
/// </summary>
internal sealed class UriReply
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private static readonly Regex StatusLine = new(
        @"^HTTP/[0-9.]+ +(?<code>[0-9]{3})", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, Limit);

    private static readonly Regex LineEnd = new(@"\r?\n", RegexOptions.CultureInvariant, Limit);

    /// <summary>An ETag that stands for the very same bytes (RFC 9110, section 8.8.3), and that a line of a configuration holds.</summary>
    private static readonly Regex StrongTag = new(@"^""[\x21\x23-\x5b\x5d-\x7e]{1,256}""$", RegexOptions.CultureInvariant, Limit);

    private static readonly Regex Date = new("^[A-Za-z0-9:, +-]{10,40}$", RegexOptions.CultureInvariant, Limit);

    private readonly ILookup<string, string> fields;

    private UriReply(int status, ILookup<string, string> fields, string body, IReadOnlyList<string> redirects)
    {
        Status = status;
        this.fields = fields;
        Body = body;
        Redirects = redirects;
        if (Field("ETag") is { } tag && StrongTag.IsMatch(tag))
        {
            (VersionField, Version) = ("etag", tag);
        }
        else if (Field("Last-Modified") is { } date && Date.IsMatch(date))
        {
            (VersionField, Version) = ("last-modified", date);
        }
    }

    /// <summary>The status code (RFC 9110, section 15).</summary>
    public int Status { get; }

    /// <summary>The start of the body, as text.</summary>
    public string Body { get; }

    /// <summary>The addresses to which the server led, in their order.</summary>
    public IReadOnlyList<string> Redirects { get; }

    /// <summary>The name of the header that tells one version of the file from the next; empty if there is none.</summary>
    public string VersionField { get; } = string.Empty;

    /// <summary>The value of that header.</summary>
    public string Version { get; } = string.Empty;

    /// <summary>
    /// The line of curl's configuration under which a download continues only if the file is the same; empty if nothing tells.
    /// </summary>
    public string Condition => Version.Length == 0 ? string.Empty : $"header = \"If-Range: {Version.Replace("\"", "\\\"")}\"";

    /// <summary>The size of the file in bytes; null if the server does not say.</summary>
    public long? Size => Status == 206 ? Number(Field("Content-Range") is { } range ? range.Substring(range.LastIndexOf('/') + 1) : null)
        : Field("Transfer-Encoding") is null ? Number(Field("Content-Length")) : null;

    /// <summary>The header Content-Disposition; null if there is none.</summary>
    public string? Disposition => Field("Content-Disposition");

    /// <summary>Whether this is a page to read, and no data.</summary>
    public bool IsPage => Field("Content-Type")?.TrimStart().StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true
        || StartsWith(Body, "<!doctype html") || StartsWith(Body, "<html");

    /// <summary>Reads headers and body as <c>curl --include</c> writes them; null if no header is whole.</summary>
    public static UriReply? Parse(string text)
    {
        var redirects = new List<string>();
        while (StatusLine.Match(text) is { Success: true } line)
        {
            var end = text.IndexOf("\n\r\n", StringComparison.Ordinal) is >= 0 and var windows ? windows + 3
                : text.IndexOf("\n\n", StringComparison.Ordinal) is >= 0 and var unix ? unix + 2 : -1;
            if (end < 0)
            {
                return null;
            }

            var status = int.Parse(line.Groups["code"].Value, CultureInfo.InvariantCulture);
            var rest = text.Substring(end);
            var found = LineEnd.Split(text.Substring(0, end)).Skip(1)
                .Select(field => field.Split([':'], 2))
                .Where(field => field.Length == 2)
                .ToLookup(field => field[0].Trim(), field => field[1].Trim(), StringComparer.OrdinalIgnoreCase);
            if (status >= 200 && (status is < 300 or >= 400 || !StatusLine.IsMatch(rest)))
            {
                return new UriReply(status, found, rest, redirects);
            }

            redirects.AddRange(found["Location"]);
            text = rest;
        }

        return null;
    }

    private static bool StartsWith(string text, string start) =>
        text.TrimStart('\ufeff', ' ', '\r', '\n', '\t').StartsWith(start, StringComparison.OrdinalIgnoreCase);

    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private string? Field(string name) => fields[name].LastOrDefault();
}
