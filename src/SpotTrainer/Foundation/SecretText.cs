namespace SpotTrainer.Foundation;

/// <summary>Recognizes text that no error may show.</summary>
internal static class SecretText
{
    private static readonly string[] Marks =
        ["-----BEGIN ", "-----END ", "---- BEGIN ", "---- END ", "PuTTY-User-Key-File-", "Private-MAC:"];

    /// <summary>Whether a text has the lines or the marks of a key file.</summary>
    public static bool LooksLikeKey(string text) =>
        text.IndexOfAny(['\r', '\n']) >= 0 || Array.Exists(Marks, mark => text.Contains(mark));

    /// <summary>
    /// Whether a text, which names no file, may be one line of a key: base64 with padding, or long and with letters of both cases and
    /// digits. If in doubt, it is: the error that then shows nothing does no harm.
    /// </summary>
    public static bool LooksLikeLine(string text)
    {
        const int Short = 20;
        text = text.Trim();
        var unpadded = text.TrimEnd('=');
        return unpadded.All(character => character is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '+' or '/')
            && (unpadded.Length < text.Length
                || (text.Length >= Short && text.Any(char.IsDigit) && text.Any(char.IsUpper) && text.Any(char.IsLower)));
    }
}
