using System.Globalization;
using System.Text;

namespace SpotTrainer.Notebooks;

/// <summary>
/// Splits Python into tokens (https://docs.python.org/3/reference/lexical_analysis.html), and finds the lines that IPython handles. It
/// refuses nothing: what is no Python becomes tokens that nobody looks for.
/// </summary>
internal sealed class PythonScanner
{
    /// <summary>No name of a file is longer.</summary>
    private const int MostLetters = 4096;

    /// <summary>Python itself allows 150 strings inside fields of strings.</summary>
    private const int MostFields = 20;

    private readonly string source;
    private readonly bool isNotebook;
    private readonly List<PythonToken> tokens = [];
    private int at;
    private int line = 1;
    private int depth;
    private int indent;
    private bool isStart = true;

    private PythonScanner(string source, bool isNotebook)
    {
        this.source = source;
        this.isNotebook = isNotebook;
    }

    /// <summary>Returns the tokens of a script, or of a cell of a notebook.</summary>
    public static IReadOnlyList<PythonToken> Read(string source, bool isNotebook)
    {
        var scanner = new PythonScanner(source, isNotebook);
        scanner.Read();
        return scanner.tokens;
    }

    private char Now => Ahead(0);

    private char Ahead(int letters) => at + letters < source.Length ? source[at + letters] : '\0';

    private void Read()
    {
        while (at < source.Length)
        {
            if (isStart)
            {
                StartLine();
                if (at >= source.Length)
                {
                    break;
                }
            }

            var letter = Now;
            if (letter is '\n' or '\r')
            {
                EndLine();
            }
            else if (letter == '#')
            {
                SkipLine();
            }
            else if (letter == '\\' && Ahead(1) is '\n' or '\r')
            {
                at++;
                NextLine();
            }
            else if (letter is ' ' or '\t' or '\f' or '\ufeff')
            {
                at++;
            }
            else if (letter is '"' or '\'')
            {
                ReadText(string.Empty);
            }
            else if (IsNameStart(letter))
            {
                ReadName();
            }
            else if (char.IsDigit(letter) || (letter == '.' && char.IsDigit(Ahead(1))))
            {
                ReadNumber();
            }
            else if (isNotebook && depth == 0 && IsMagic(letter))
            {
                AddMagic();
            }
            else
            {
                depth += letter is '(' or '[' or '{' ? 1 : letter is ')' or ']' or '}' && depth > 0 ? -1 : 0;
                Add(PythonTokenKind.Operator, letter.ToString());
                at++;
            }
        }

        Add(PythonTokenKind.LineEnd, string.Empty);
    }

    /// <summary>Whether a character begins what IPython handles: a question mark, or <c>!</c> and <c>%</c> after <c>name =</c>.</summary>
    private bool IsMagic(char letter) => letter == '?' || (letter is '!' or '%' && Ahead(1) != '=' && IsAssignment());

    /// <summary>Whether the statement so far is <c>name =</c>.</summary>
    private bool IsAssignment()
    {
        for (var i = tokens.Count - 1; i >= 0 && tokens[i].Kind != PythonTokenKind.LineEnd; i--)
        {
            var isLast = i == tokens.Count - 1;
            if (isLast ? !tokens[i].Is('=') : tokens[i].Kind != PythonTokenKind.Name && !tokens[i].Is(','))
            {
                return false;
            }
        }

        return tokens.Count > 1 && tokens[tokens.Count - 2].Kind == PythonTokenKind.Name;
    }

    private void StartLine()
    {
        isStart = false;
        indent = 0;
        for (; Now is ' ' or '\t' or '\f' or '\ufeff'; at++)
        {
            indent = Now == '\t' ? ((indent / 8) + 1) * 8 : Now == ' ' ? indent + 1 : indent;
        }

        if (!isNotebook)
        {
            return;
        }

        if (Now == '%' && Ahead(1) == '%' && tokens.Count == 0)
        {
            AddMagic();
            if (!Magic.HasPython(tokens[0].Text))
            {
                // The rest is another language.
                at = source.Length;
            }
        }
        else if (string.CompareOrdinal(source, at, "%time ", 0, 6) == 0)
        {
            // The rest is Python.
            at += 6;
        }
        else if (Now is '%' or '!' or '?')
        {
            AddMagic();
        }
    }

    /// <summary>Adds the rest of the line, and the lines that continue it, as what IPython handles.</summary>
    private void AddMagic()
    {
        var (start, first) = (at, line);
        SkipLine();
        while (at < source.Length && source[at - 1] == '\\')
        {
            NextLine();
            SkipLine();
        }

        tokens.Add(new PythonToken(PythonTokenKind.Magic, source.Substring(start, at - start), first, NextIndent()));
    }

    private void EndLine()
    {
        if (depth == 0)
        {
            Add(PythonTokenKind.LineEnd, string.Empty);
            isStart = true;
        }

        NextLine();
    }

    private void NextLine()
    {
        at += Now == '\r' && Ahead(1) == '\n' ? 2 : 1;
        line++;
    }

    private void SkipLine()
    {
        while (at < source.Length && source[at] is not ('\n' or '\r'))
        {
            at++;
        }
    }

    private void ReadName()
    {
        var start = at;
        while (at < source.Length && (IsNameStart(Now) || char.IsDigit(Now) || char.GetUnicodeCategory(Now)
            is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation))
        {
            at++;
        }

        var name = source.Substring(start, at - start);
        if (Now is '"' or '\'' && name.Length <= 2 && name.All(letter => "rbuftRBUFT".IndexOf(letter) >= 0))
        {
            ReadText(name.ToLowerInvariant());
        }
        else
        {
            Add(PythonTokenKind.Name, name);
        }
    }

    private void ReadNumber()
    {
        var start = at;
        for (at++; char.IsLetterOrDigit(Now) || Now is '.' or '_' || (Now is '+' or '-' && IsExponent(start)); at++)
        {
        }

        Add(PythonTokenKind.Number, source.Substring(start, at - start));
    }

    private bool IsExponent(int start) => source[at - 1] is 'e' or 'E' && source[start + (start + 1 < at ? 1 : 0)] is not ('x' or 'X');

    private void ReadText(string prefix)
    {
        var first = line;
        var value = new StringBuilder();
        var hasFields = prefix.IndexOfAny(['f', 't']) >= 0;
        SkipText(prefix.IndexOf('r') >= 0, hasFields, value, fields: 0);
        var isKnown = !hasFields && prefix.IndexOf('b') < 0 && value.Length < MostLetters;
        var token = new PythonToken(
            isKnown ? PythonTokenKind.Literal : PythonTokenKind.OtherText, value.ToString(), first, NextIndent());
        var last = tokens.Count > 0 ? tokens[tokens.Count - 1] : null;
        if (last?.Kind is not (PythonTokenKind.Literal or PythonTokenKind.OtherText))
        {
            tokens.Add(token);
        }
        else if (last.Text.Length < MostLetters)
        {
            // Strings beside each other are one.
            tokens[tokens.Count - 1] = last with { Kind = isKnown ? last.Kind : token.Kind, Text = last.Text + token.Text };
        }
    }

    /// <summary>Reads a string from its first quote to its last. One of a single line ends with it in any case.</summary>
    private void SkipText(bool isRaw, bool hasFields, StringBuilder? value, int fields)
    {
        var quote = Now;
        var isLong = Ahead(1) == quote && Ahead(2) == quote;
        at += isLong ? 3 : 1;
        while (at < source.Length)
        {
            var letter = Now;
            if (letter == quote && (!isLong || (Ahead(1) == quote && Ahead(2) == quote)))
            {
                at += isLong ? 3 : 1;
                return;
            }

            if (letter is '\n' or '\r')
            {
                if (!isLong)
                {
                    return;
                }

                Keep(value, '\n');
                NextLine();
            }
            else if (letter == '\\' && at + 1 < source.Length)
            {
                at++;
                Escaped(isRaw, value);
            }
            else if (hasFields && letter == '{' && Ahead(1) != '{' && fields < MostFields)
            {
                at++;
                SkipField(isLong, fields + 1);
            }
            else
            {
                Keep(value, letter);
                at += hasFields && letter == '{' ? 2 : 1;
            }
        }
    }

    /// <summary>Reads past a field of a string, in which other strings may stand.</summary>
    private void SkipField(bool isLong, int fields)
    {
        for (var open = 1; at < source.Length && open > 0;)
        {
            var letter = Now;
            if (letter is '"' or '\'')
            {
                // Since Python 3.12, it may be the quote of the string itself. Before, that was an error.
                SkipText(
                    source[at - 1] is 'r' or 'R', source[at - 1] is 'f' or 'F' or 't' or 'T', value: null, fields);
                continue;
            }

            if (letter is '\n' or '\r')
            {
                if (!isLong)
                {
                    return;
                }

                NextLine();
                continue;
            }

            open += letter is '{' or '(' or '[' ? 1 : letter is '}' or ')' or ']' ? -1 : 0;
            at++;
        }
    }

    private void Escaped(bool isRaw, StringBuilder? value)
    {
        var letter = Now;
        if (letter is '\n' or '\r')
        {
            if (isRaw)
            {
                Keep(value, '\\');
                Keep(value, '\n');
            }

            NextLine();
            return;
        }

        var digits = isRaw ? 0 : letter switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0 && at + digits < source.Length && int.TryParse(source.Substring(at + 1, digits), NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture, out var code) && code is >= 0 and <= 0x10ffff)
        {
            foreach (var part in code is < 0x10000 ? ((char)code).ToString() : char.ConvertFromUtf32(code))
            {
                Keep(value, part);
            }

            at += digits + 1;
        }
        else if (!isRaw && letter is >= '0' and <= '7')
        {
            for (code = 0, digits = 0; digits < 3 && Now is >= '0' and <= '7'; digits++, at++)
            {
                code = (code * 8) + Now - '0';
            }

            Keep(value, (char)code);
        }
        else
        {
            var meant = isRaw ? -1 : "\\'\"abfnrtv".IndexOf(letter);
            if (meant < 0)
            {
                Keep(value, '\\');
            }

            Keep(value, meant < 0 ? letter : "\\'\"\a\b\f\n\r\t\v"[meant]);
            at++;
        }
    }

    private static void Keep(StringBuilder? value, char letter)
    {
        if (value?.Length < MostLetters)
        {
            value.Append(letter);
        }
    }

    private void Add(PythonTokenKind kind, string text)
    {
        // Empty lines end nothing.
        if (kind == PythonTokenKind.LineEnd && (tokens.Count == 0 || tokens[tokens.Count - 1].Kind == kind))
        {
            return;
        }

        tokens.Add(new PythonToken(kind, text, line, kind == PythonTokenKind.LineEnd ? -1 : NextIndent()));
    }

    private int NextIndent() => tokens.Count == 0 || tokens[tokens.Count - 1].Kind == PythonTokenKind.LineEnd ? indent : -1;

    private static bool IsNameStart(char letter) => letter == '_' || char.IsLetter(letter) || char.IsSurrogate(letter);
}
