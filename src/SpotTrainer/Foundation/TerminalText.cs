using System.Text;

namespace SpotTrainer.Foundation;

/// <summary>
/// Makes text from a machine, from AWS, or from a file safe to show. An escape sequence could rewrite what the terminal shows, or what the
/// user types next.
/// </summary>
internal static class TerminalText
{
    /// <summary>
    /// Returns a text in which control characters, except line ends and tabs, and characters that change the direction of the text are
    /// visible, such as <c>\x1b</c>.
    /// </summary>
    public static string Clean(string text)
    {
        StringBuilder? clean = null;
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i];
            if (IsHarmless(letter))
            {
                clean?.Append(letter);
                continue;
            }

            clean ??= new StringBuilder(text, 0, i, text.Length + 16);
            clean.AppendFormat(
                System.Globalization.CultureInfo.InvariantCulture, letter < 0x100 ? "\\x{0:x2}" : "\\u{0:x4}", (int)letter);
        }

        return clean?.ToString() ?? text;
    }

    /// <summary>Returns a name for a sentence or a table: as <see cref="Clean"/>, and line ends and tabs are visible as well.</summary>
    public static string Line(string name) => Clean(name).Replace("\n", "\\x0a").Replace("\r", "\\x0d").Replace("\t", "\\x09");

    /// <summary>Whether a text has nothing that <see cref="Clean"/> would change, and no line end or tab.</summary>
    public static bool IsPlain(string text) => text.All(letter => IsHarmless(letter) && letter is not ('\r' or '\n' or '\t'));

    private static bool IsHarmless(char letter) => letter is '\n' or '\r' or '\t' || (!char.IsControl(letter) && !IsBidiControl(letter));

    /// <summary>Unicode's property Bidi_Control.</summary>
    private static bool IsBidiControl(char letter) =>
        letter is '\u061c' or '\u200e' or '\u200f' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
