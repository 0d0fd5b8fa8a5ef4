using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using SpotTrainer.Foundation;

namespace SpotTrainer.Transfer;

/// <summary>
/// A file at an https:// address. A presigned address holds a secret in its query, so no text shows more of an address than its host and
/// path.
/// </summary>
internal sealed class UriSource
{
    /// <summary>What signs an address, or ends it: the same file has other values in the next one (AWS, Google, Azure).</summary>
    private static readonly Regex Signature = new(
        "^(x-amz-.*|x-goog-.*|awsaccesskeyid|googleaccessid|signature|expires|policy|key-pair-id"
        + "|sig|se|st|sp|spr|sv|sr|skoid|sktid|skt|ske|sks|skv)$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    private static readonly Regex Sha256Text = new(@"\A[0-9A-Fa-f]{64}\z", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    private UriSource(string address, string shown, bool isDrive, string? fileName, string? sha256)
    {
        Address = address;
        Shown = shown;
        IsDrive = isDrive;
        FileName = fileName;
        Sha256 = sha256;
    }

    /// <summary>The address to ask, with its secrets.</summary>
    public string Address { get; }

    /// <summary>The address without user name, query, and fragment.</summary>
    public string Shown { get; }

    /// <summary>Whether it is a file of Google Drive.</summary>
    public bool IsDrive { get; }

    /// <summary>The name of the file on the host; null for the one that the server, or the address, gives it.</summary>
    public string? FileName { get; }

    /// <summary>The SHA-256 that the file must have, in lower case; null if any will do.</summary>
    public string? Sha256 { get; }

    /// <summary>
    /// What the address means, whoever signed it: an unfinished download of the same file is found by it. A hash, because the folder on the
    /// host has it as its name.
    /// </summary>
    public string Key
    {
        get
        {
            var uri = new Uri(Address);
            var query = UriQuery.Parse(uri).Where(pair => !Signature.IsMatch(pair.Key)).Select(pair => $"{pair.Key}={pair.Value}");
            var text = $"{uri.GetLeftPart(UriPartial.Path)}?{string.Join("&", query)}\n{FileName}";
            using var sha = SHA256.Create();
            return string.Concat(sha.ComputeHash(Encoding.UTF8.GetBytes(text)).Take(10).Select(
                value => value.ToString("x2", CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>Reads an address.</summary>
    /// <param name="text">The address, or the link that Google Drive gives to share a file.</param>
    /// <param name="fileName">The name of the file on the host; null for the one that the server, or the address, gives it.</param>
    /// <param name="sha256">The SHA-256 that the file must have; null if any will do.</param>
    /// <exception cref="SpotTrainerException">
    /// <c>UriInvalid</c>, <c>UriNotHttps</c>, <c>UriHashInvalid</c>, <c>UriNameInvalid</c>, <c>DriveLinkUnsupported</c>.
    /// </exception>
    public static UriSource Parse(string text, string? fileName = null, string? sha256 = null)
    {
        text = text.Trim();
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || !TerminalText.IsPlain(text))
        {
            throw UriErrors.Invalid(text);
        }

        if (uri.Scheme != Uri.UriSchemeHttps || uri.Host.Length == 0)
        {
            throw UriErrors.NotHttps(uri);
        }

        if (sha256 is not null && !Sha256Text.IsMatch(sha256))
        {
            throw UriErrors.HashInvalid(sha256);
        }

        if (fileName is not null && !UriFileName.IsSafe(fileName))
        {
            throw UriErrors.NameInvalid(fileName);
        }

        var drive = DriveLink.Resolve(uri);

        // What is signed must arrive as it was signed, so it is left alone unless a request cannot hold it.
        var address = text.All(letter => letter is > ' ' and < '\x7f') ? text : uri.AbsoluteUri;
        return new UriSource(
            drive?.Address ?? address.Split('#')[0], drive?.Shown ?? Show(uri), drive is not null, fileName, sha256?.ToLowerInvariant());
    }

    /// <summary>Reads addresses, each with its name and its hash if there are any.</summary>
    /// <exception cref="SpotTrainerException">Those of <see cref="Parse"/>, and <c>UriCountDiffers</c>.</exception>
    public static UriSource[] ParseAll(IReadOnlyList<string> texts, IReadOnlyList<string> fileNames, IReadOnlyList<string> hashes)
    {
        foreach (var (parameter, values) in new[] { ("-FileName", fileNames), ("-Sha256", hashes) })
        {
            if (values.Count > 0 && values.Count != texts.Count)
            {
                throw UriErrors.CountDiffers(parameter, values.Count, texts.Count);
            }
        }

        return texts.Select(
            (text, i) => Parse(text, fileNames.Count > 0 ? fileNames[i] : null, hashes.Count > 0 ? hashes[i] : null)).ToArray();
    }

    /// <summary>Returns an address without user name, query, and fragment.</summary>
    public static string Show(Uri uri) =>
        TerminalText.Clean(uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped));

    /// <inheritdoc/>
    public override string ToString() => Shown;
}

/// <summary>Reads the query of an address.</summary>
internal static class UriQuery
{
    /// <summary>Returns names and values in their order, as they stand there, without percent encoding.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Parse(Uri uri) => uri.Query.TrimStart('?')
        .Split(['&'], StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split(['='], 2))
        .Select(pair => new KeyValuePair<string, string>(
            Uri.UnescapeDataString(pair[0]), pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : string.Empty))
        .ToArray();

    /// <summary>Returns a value; null if there is none.</summary>
    public static string? Value(Uri uri, string name) =>
        Parse(uri).FirstOrDefault(pair => name.Equals(pair.Key, StringComparison.OrdinalIgnoreCase)).Value is { Length: > 0 } value
            ? value : null;
}
