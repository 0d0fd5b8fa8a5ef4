using System.Globalization;
using System.Text;

namespace SpotTrainer.Notebooks;

/// <summary>
/// Reads JSON, forward only, as Python's json module does, which reads notebooks on hosts: NaN and Infinity are numbers, and
/// half of a surrogate pair is a character. A value that is skipped takes no memory, however long it is.
/// </summary>
internal sealed class JsonScanner(TextReader reader)
{
    /// <summary>Python gives up at about 1,000.</summary>
    private const int MostDepth = 900;

    private readonly char[] buffer = new char[16 * 1024];
    private int at;
    private int end;
    private long before;
    private long lineStart;

    /// <summary>The line of the next character, from 1.</summary>
    public int Line { get; private set; } = 1;

    /// <summary>The column of the next character, from 1.</summary>
    public long Column => before + at - lineStart + 1;

    /// <summary>How many bytes the text before the next character has in UTF-8.</summary>
    public long Position { get; private set; }

    /// <summary>The first character of the next value: one of <c>{</c>, <c>[</c>, and <c>"</c>, or that of a number or a word.</summary>
    public char Next => (char)Expect("a value");

    /// <summary>Reads an object. For each property, it calls back, and the callback reads or skips the value.</summary>
    public void ReadObject(Action<string> property)
    {
        Take('{');
        for (var next = Expect("a name"); next != '}';)
        {
            if (next != '"')
            {
                throw Unexpected("a name in double quotes");
            }

            var name = ReadString(mostLetters: 200, cut: true);
            Take(':');
            property(name);
            next = Continue('}');
        }

        Take('}');
    }

    /// <summary>Reads an array. For each item, it calls back, and the callback reads or skips the value.</summary>
    public void ReadArray(Action item)
    {
        Take('[');
        for (var next = Expect("a value"); next != ']';)
        {
            item();
            next = Continue(']');
        }

        Take(']');
    }

    /// <summary>Reads a string.</summary>
    /// <param name="mostLetters">How many characters are kept.</param>
    /// <param name="cut">Whether a longer string is cut. Otherwise, it is an error.</param>
    public string ReadString(int mostLetters, bool cut)
    {
        var text = new StringBuilder();
        ReadLetters(letter =>
        {
            if (text.Length < mostLetters)
            {
                text.Append(letter);
            }
            else if (!cut)
            {
                throw new JsonTooLargeException();
            }
        });
        return text.ToString();
    }

    /// <summary>Reads a whole number; null if the value is anything else.</summary>
    public int? ReadInteger()
    {
        if (Next is not ('-' or (>= '0' and <= '9')))
        {
            Skip();
            return null;
        }

        var text = ReadNumber();
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>Reads past a value of any kind.</summary>
    public void Skip()
    {
        var open = new Stack<char>();
        do
        {
            var next = Next;
            if (next is '{' or '[')
            {
                if (open.Count == MostDepth)
                {
                    throw new JsonSyntaxException("it has too many values inside each other", Line, Column, isCut: false);
                }

                Take(next);
                open.Push(next == '{' ? '}' : ']');
                if (Expect("a value") != open.Peek())
                {
                    SkipName(open.Peek());
                    continue;
                }
            }
            else
            {
                SkipPlain(next);
            }

            // A value has ended, and perhaps what it is in. An empty one has no comma.
            while (open.Count > 0)
            {
                if (Continue(open.Peek()) != open.Peek())
                {
                    SkipName(open.Peek());
                    break;
                }

                Take(open.Pop());
            }
        }
        while (open.Count > 0);
    }

    /// <summary>Requires that nothing follows.</summary>
    public void RequireEnd()
    {
        if (Look() >= 0)
        {
            throw new JsonSyntaxException("there is text after its end", Line, Column, isCut: false);
        }
    }

    private void SkipName(char close)
    {
        if (close == '}')
        {
            if (Expect("a name") != '"')
            {
                throw Unexpected("a name in double quotes");
            }

            ReadLetters(keep: null);
            Take(':');
        }
    }

    private void SkipPlain(char next)
    {
        if (next == '"')
        {
            ReadLetters(keep: null);
        }
        else if (next is '-' or (>= '0' and <= '9'))
        {
            ReadNumber();
        }
        else
        {
            ReadWord(next switch
            {
                't' => "true", 'f' => "false", 'n' => "null", 'N' => "NaN", 'I' => "Infinity", _ => throw Unexpected("a value"),
            });
        }
    }

    /// <summary>Reads a comma, if there is one, and returns the first character of what follows.</summary>
    private int Continue(char close)
    {
        var next = Expect($"',' or '{close}'");
        if (next == close)
        {
            return next;
        }

        if (next != ',')
        {
            throw Unexpected($"',' or '{close}'");
        }

        Move();
        next = Expect(close == '}' ? "a name" : "a value");
        return next == close ? throw Unexpected("a value after the comma") : next;
    }

    private void Take(char wanted)
    {
        if (Expect($"'{wanted}'") != wanted)
        {
            throw Unexpected($"'{wanted}'");
        }

        Move();
    }

    private void ReadWord(string word)
    {
        foreach (var letter in word)
        {
            if (Peek() != letter)
            {
                throw Unexpected("a value");
            }

            Move();
        }
    }

    private string ReadNumber()
    {
        var text = new StringBuilder();
        if (Peek() == '-')
        {
            Keep();
            if (Peek() == 'I')
            {
                ReadWord("Infinity");
                return "-Infinity";
            }
        }

        if (Peek() == '0')
        {
            Keep();
        }
        else
        {
            Digits();
        }

        if (Peek() == '.')
        {
            Keep();
            Digits();
        }

        if (Peek() is 'e' or 'E')
        {
            Keep();
            if (Peek() is '+' or '-')
            {
                Keep();
            }

            Digits();
        }

        return text.ToString();

        void Keep()
        {
            // No number that is used has as many digits.
            if (text.Length < 40)
            {
                text.Append((char)Peek());
            }

            Move();
        }

        void Digits()
        {
            if (Peek() is not (>= '0' and <= '9'))
            {
                throw Unexpected("a digit");
            }

            while (Peek() is >= '0' and <= '9')
            {
                Keep();
            }
        }
    }

    private void ReadLetters(Action<char>? keep)
    {
        Take('"');
        for (var next = Peek(); next != '"'; next = Peek())
        {
            if (next < ' ')
            {
                throw Unexpected("the end of a string");
            }

            Move();
            var letter = next == '\\' ? ReadEscaped() : (char)next;
            keep?.Invoke(letter);
        }

        Move();
    }

    private char ReadEscaped()
    {
        var letter = Peek();
        if (letter == 'u')
        {
            Move();
            var code = 0;
            for (var i = 0; i < 4; i++)
            {
                var digit = Peek() is var hex && hex is >= '0' and <= '9' ? hex - '0'
                    : hex is >= 'a' and <= 'f' ? hex - 'a' + 10
                    : hex is >= 'A' and <= 'F' ? hex - 'A' + 10
                    : throw Unexpected("four hexadecimal digits");
                code = (code * 16) + digit;
                Move();
            }

            return (char)code;
        }

        var meant = letter switch
        {
            '"' or '\\' or '/' => (char)letter, 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t',
            _ => throw Unexpected("the letter of an escape"),
        };
        Move();
        return meant;
    }

    /// <summary>Returns the first character that is not white space; an error if there is none.</summary>
    private int Expect(string wanted) => Look() is >= 0 and var next ? next : throw Unexpected(wanted);

    /// <summary>Returns the first character that is not white space; −1 at the end.</summary>
    private int Look()
    {
        for (var next = Peek(); ; next = Peek())
        {
            if (next is not (' ' or '\t' or '\r' or '\n'))
            {
                return next;
            }

            Move();
            if (next == '\n')
            {
                Line++;
                lineStart = before + at;
            }
        }
    }

    private int Peek()
    {
        if (at == end)
        {
            before += end;
            (at, end) = (0, reader.Read(buffer, 0, buffer.Length));
        }

        return at < end ? buffer[at] : -1;
    }

    private void Move()
    {
        // Each half of a surrogate pair stands for two of its four bytes.
        var letter = buffer[at++];
        Position += letter < 0x80 ? 1 : letter < 0x800 || char.IsSurrogate(letter) ? 2 : 3;
    }

    private JsonSyntaxException Unexpected(string wanted) => Peek() < 0
        ? new JsonSyntaxException("it ends too early", Line, Column, isCut: true)
        : new JsonSyntaxException($"{wanted} is expected there", Line, Column, isCut: false);
}

/// <summary>A text is not JSON.</summary>
/// <param name="what">What is wrong, as the rest of a sentence.</param>
/// <param name="line">The line, from 1.</param>
/// <param name="column">The column, from 1.</param>
/// <param name="isCut">Whether the text ends too early.</param>
internal sealed class JsonSyntaxException(string what, int line, long column, bool isCut) : Exception(what)
{
    public int Line { get; } = line;

    public long Column { get; } = column;

    public bool IsCut { get; } = isCut;
}

/// <summary>A value is too long to be kept.</summary>
internal sealed class JsonTooLargeException : Exception;
