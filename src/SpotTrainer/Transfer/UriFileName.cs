using System.Text;
using System.Text.RegularExpressions;
using SpotTrainer.Foundation;

namespace SpotTrainer.Transfer;

/// <summary>
/// Names of files on a host that a server or an address gives. None may lead out of the folder, or hide, or look like an option.
/// </summary>
internal static class UriFileName
{
    /// <summary>The longest name of a file on Linux, in bytes.</summary>
    private const int Longest = 255;

    /// <summary>The longest extension that is kept if a name is cut.</summary>
    private const int LongestExtension = 16;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>The name in UTF-8 (RFC 8187), which comes before the other one.</summary>
    private static readonly Regex Extended = new(
        @"(^|;)\s*filename\*\s*=\s*""?(?<charset>[A-Za-z0-9-]*)'[^']*'(?<name>[^;""]*)",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, Limit);

    private static readonly Regex Plain = new(
        @"(^|;)\s*filename\s*=\s*(""(?<quoted>(\\.|[^""\\])*)""|(?<bare>[^;]*))",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, Limit);

    private static readonly Regex Escape = new(@"\\(?<letter>.)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, Limit);

    /// <summary>Whether a name can be used as it is.</summary>
    public static bool IsSafe(string name) => name.Length > 0 && name is not ("." or ".." or ".spottrainer-incoming")
        && !name.Contains('/') && TerminalText.IsPlain(name) && Encoding.UTF8.GetByteCount(name) <= Longest;

    /// <summary>Returns the name in a header Content-Disposition (RFC 6266); null if there is none that can be used.</summary>
    public static string? FromDisposition(string header)
    {
        if (Extended.Match(header) is { Success: true } extended
            && extended.Groups["charset"].Value.ToUpperInvariant() is "UTF-8" or "US-ASCII" or ""
            && Clean(Uri.UnescapeDataString(extended.Groups["name"].Value)) is { } name)
        {
            return name;
        }

        if (Plain.Match(header) is not { Success: true } plain)
        {
            return null;
        }

        return Clean(plain.Groups["quoted"] is { Success: true } quoted
            ? Escape.Replace(quoted.Value, "${letter}") : plain.Groups["bare"].Value);
    }

    /// <summary>Returns the last part of an address's path; null if there is none that can be used.</summary>
    public static string? FromPath(string address)
    {
        var path = new Uri(address).AbsolutePath;
        return Clean(Uri.UnescapeDataString(path.Substring(path.LastIndexOf('/') + 1)));
    }

    /// <summary>Makes a name safe; null if nothing is left of it.</summary>
    private static string? Clean(string name)
    {
        name = name.Substring(name.LastIndexOfAny(['/', '\\']) + 1);
        var text = new string(name.Where(letter => TerminalText.IsPlain(letter.ToString())).ToArray());

        // A lone half of a character has no bytes in UTF-8.
        text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).TrimStart('.', '-', '~', ' ').TrimEnd('.', ' ');
        if (Encoding.UTF8.GetByteCount(text) > Longest)
        {
            var dot = text.LastIndexOf('.');
            var extension = dot > 0 && text.Length - dot <= LongestExtension ? text.Substring(dot) : string.Empty;
            var stem = text.Substring(0, text.Length - extension.Length);
            while (Encoding.UTF8.GetByteCount(stem) + Encoding.UTF8.GetByteCount(extension) > Longest)
            {
                stem = stem.Substring(0, stem.Length - (stem.Length > 1 && char.IsLowSurrogate(stem[stem.Length - 1]) ? 2 : 1));
            }

            text = stem + extension;
        }

        return IsSafe(text) ? text : null;
    }
}
