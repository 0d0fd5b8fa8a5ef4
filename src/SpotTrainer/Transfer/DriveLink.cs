using System.Net;
using System.Text.RegularExpressions;

namespace SpotTrainer.Transfer;

/// <summary>
/// The links that Google Drive gives to share a file, and the pages that it shows in place of one. Google documents neither: they are those
/// of 2026, as other programs that read them describe them.
/// </summary>
/// <param name="Address">The address of the file itself.</param>
/// <param name="Shown">The link without its secrets.</param>
internal sealed record DriveLink(string Address, string Shown)
{
    private const string Download = "https://drive.usercontent.google.com/download";

    private static readonly string[] Hosts = ["drive.google.com", "docs.google.com", "drive.usercontent.google.com"];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private static readonly Regex FilePath = new(
        "^(/a/[^/]+)?/file/(u/[0-9]+/)?d/(?<id>[A-Za-z0-9_-]+)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, Limit);

    private static readonly Regex AskPath = new(
        "^(/a/[^/]+)?/(u/[0-9]+/)?(open|uc|download)$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, Limit);

    private static readonly Regex Id = new("^[A-Za-z0-9_-]+$", RegexOptions.CultureInvariant, Limit);

    private static readonly Regex Form = new(
        "<form[^>]*\\bid=\"download-form\"[^>]*>", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, Limit);

    private static readonly Regex Input = new("<input[^>]*>", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, Limit);

    /// <summary>Reads a link; null if it is none of Google Drive.</summary>
    /// <exception cref="Foundation.SpotTrainerException"><c>DriveLinkUnsupported</c>: a folder, or a document of Google's own.</exception>
    public static DriveLink? Resolve(Uri uri)
    {
        if (!Hosts.Contains(uri.Host, StringComparer.OrdinalIgnoreCase))
        {
            return null;
        }

        var id = FilePath.Match(uri.AbsolutePath) is { Success: true } file ? file.Groups["id"].Value
            : AskPath.IsMatch(uri.AbsolutePath) ? UriQuery.Value(uri, "id") : null;
        if (id is null || !Id.IsMatch(id))
        {
            throw UriErrors.DriveUnsupported(uri);
        }

        // Links to older files have a second key.
        var key = UriQuery.Value(uri, "resourcekey") is { } given && Id.IsMatch(given) ? $"&resourcekey={given}" : string.Empty;
        return new DriveLink($"{Download}?id={id}&export=download&confirm=t{key}", $"https://drive.google.com/file/d/{id}");
    }

    /// <summary>
    /// Returns the address to which the page leads that asks whether to download a file that was not scanned for viruses; null if the page
    /// is another one, or leads away from Google.
    /// </summary>
    public static string? Confirmed(string page)
    {
        if (Form.Match(page) is not { Success: true } form
            || Attribute(form.Value, "action") is not { } action
            || !Uri.TryCreate(new Uri(Download), action, out var uri)
            || uri.Scheme != Uri.UriSchemeHttps || !Hosts.Contains(uri.Host, StringComparer.OrdinalIgnoreCase))
        {
            return null;
        }

        var end = page.IndexOf("</form", form.Index, StringComparison.OrdinalIgnoreCase);
        var inputs = Input.Matches(end < 0 ? page.Substring(form.Index) : page.Substring(form.Index, end - form.Index)).Cast<Match>()
            .Where(input => "hidden".Equals(Attribute(input.Value, "type"), StringComparison.OrdinalIgnoreCase))
            .Select(input => new KeyValuePair<string, string>(
                Attribute(input.Value, "name") ?? string.Empty, Attribute(input.Value, "value") ?? string.Empty))
            .Where(input => input.Key.Length > 0)
            .ToArray();
        var query = UriQuery.Parse(uri).Where(pair => !Array.Exists(inputs, input => input.Key == pair.Key)).Concat(inputs)
            .Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}");
        return $"{uri.GetLeftPart(UriPartial.Path)}?{string.Join("&", query)}";
    }

    /// <summary>Whether a page says that too many people have downloaded the file.</summary>
    public static bool IsQuota(string page) => page.Contains("Quota exceeded") || page.Contains("Too many users have viewed or downloaded");

    private static string? Attribute(string tag, string name) => Regex.Match(
        tag, $"\\s{name}=\"(?<value>[^\"]*)\"",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, Limit) is { Success: true } match
            ? WebUtility.HtmlDecode(match.Groups["value"].Value) : null;
}
