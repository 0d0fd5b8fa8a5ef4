using System.Text;

namespace SpotTrainer.Files;

/// <summary>
/// One line with .gitignore's rules (gitignore(5)). It means to this module what it means to git: a question mark, for example, is one byte
/// of the name in UTF-8. No line takes more steps than its length times that of the path.
/// </summary>
internal sealed class IgnorePattern
{
    private const byte Slash = (byte)'/';

    private static readonly Dictionary<string, Func<byte, bool>> Classes = new(StringComparer.Ordinal)
    {
        ["alnum"] = letter => IsLetter(letter) || IsDigit(letter),
        ["alpha"] = IsLetter,
        ["blank"] = letter => letter is (byte)' ' or (byte)'\t',
        ["cntrl"] = letter => letter is < 0x20 or 0x7f,
        ["digit"] = IsDigit,
        ["graph"] = IsVisible,
        ["lower"] = letter => letter is >= (byte)'a' and <= (byte)'z',
        ["print"] = letter => letter == ' ' || IsVisible(letter),
        ["punct"] = letter => IsVisible(letter) && !IsLetter(letter) && !IsDigit(letter),
        ["space"] = letter => letter is (byte)' ' or (>= (byte)'\t' and <= (byte)'\r'),
        ["upper"] = letter => letter is >= (byte)'A' and <= (byte)'Z',
        ["xdigit"] = letter => IsDigit(letter) || (letter | 0x20) is >= 'a' and <= 'f',
    };

    private readonly bool anchored;
    private readonly bool foldersOnly;

    // Empty if the line matches nothing, such as one with a bracket that is never closed.
    private readonly Token[] tokens;

    private IgnorePattern(string text, string pattern, bool ignoreCase)
    {
        Text = text;
        Negated = pattern.StartsWith("!", StringComparison.Ordinal);
        pattern = pattern.Substring(Negated ? 1 : 0);
        foldersOnly = pattern.EndsWith("/", StringComparison.Ordinal);
        pattern = pattern.Substring(0, pattern.Length - (foldersOnly ? 1 : 0));
        anchored = pattern.Contains('/');
        pattern = pattern.Substring(pattern.StartsWith("/", StringComparison.Ordinal) ? 1 : 0);
        tokens = Read(new MatchPath(pattern, ignoreCase).Bytes, anchored)?.ToArray() ?? [];
        IsName = tokens.Length > 0 && Array.TrueForAll(tokens, token => token.Kind == TokenKind.Byte);
    }

    private enum TokenKind
    {
        /// <summary>One certain byte.</summary>
        Byte,

        /// <summary>One byte of a set, never a slash.</summary>
        Set,

        /// <summary>Any bytes but slashes.</summary>
        Star,

        /// <summary>Any bytes.</summary>
        DeepStar,

        /// <summary>Either nothing, or the two tokens that follow: any bytes, and a slash.</summary>
        Folders,
    }

    /// <summary>The line as the user wrote it.</summary>
    public string Text { get; }

    /// <summary>Whether the line begins with <c>!</c>, which takes back what earlier lines said.</summary>
    public bool Negated { get; }

    /// <summary>Whether the line has no wildcard, so that it names one thing.</summary>
    public bool IsName { get; }

    /// <summary>Reads the text of a file. A comment or an empty line gives no pattern.</summary>
    public static IReadOnlyList<IgnorePattern> ReadFile(string content, bool ignoreCase) =>
    [
        .. content.Split('\n').Select(line => line.EndsWith("\r", StringComparison.Ordinal) ? line.Substring(0, line.Length - 1) : line)
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => new IgnorePattern(line, WithoutTrailingSpaces(line), ignoreCase)),
    ];

    /// <summary>Reads an argument. As with git's <c>--exclude</c>, it is no comment, and its spaces are part of it.</summary>
    public static IgnorePattern FromArgument(string pattern, bool ignoreCase) => new(pattern, pattern, ignoreCase);

    /// <summary>Whether the pattern matches a path itself. Whether it matches a folder above the path is another question.</summary>
    /// <param name="path">The path.</param>
    /// <param name="from">Where in it the part begins that is relative to the folder of the pattern.</param>
    /// <param name="isFolder">Whether it is a folder. A link is not, wherever it leads.</param>
    public bool Matches(MatchPath path, int from, bool isFolder) => tokens.Length > 0 && (isFolder || !foldersOnly)
        && Matches(path.Bytes.AsSpan(anchored ? from : path.NameStart));

    /// <summary>Whether the pattern names something below this folder by its path from the root.</summary>
    public bool NamesBelow(MatchPath folder) => IsName && anchored && tokens.Length > folder.Bytes.Length + 1
        && tokens[folder.Bytes.Length].Byte == Slash
        && folder.Bytes.SequenceEqual(tokens.Take(folder.Bytes.Length).Select(token => token.Byte));

    // Follows all ways through the pattern at the same time, because trying one after the other takes forever with many stars.
    private bool Matches(ReadOnlySpan<byte> text)
    {
        // Most patterns end unlike most names. A slash at the end can be one that matches nothing, as in **/.
        if (tokens[tokens.Length - 1] is { Kind: TokenKind.Byte, Byte: not Slash } last && (text.Length == 0 || text[text.Length - 1] != last.Byte))
        {
            return false;
        }

        var now = new bool[tokens.Length + 1];
        var next = new bool[tokens.Length + 1];
        now[0] = true;
        Skip(now);
        foreach (var value in text)
        {
            var alive = false;
            for (var at = 0; at < tokens.Length; at++)
            {
                if (!now[at])
                {
                    continue;
                }

                var token = tokens[at];
                var (stays, steps) = token.Kind switch
                {
                    TokenKind.Byte => (false, value == token.Byte),
                    TokenKind.Set => (false, value != Slash && token.Set![value]),
                    TokenKind.Star => (value != Slash, false),
                    TokenKind.DeepStar => (true, false),
                    _ => (false, false),
                };
                next[at] |= stays;
                next[at + 1] |= steps;
                alive |= stays || steps;
            }

            if (!alive)
            {
                return false;
            }

            Skip(next);
            (now, next) = (next, now);
            Array.Clear(next, 0, next.Length);
        }

        return now[tokens.Length];
    }

    /// <summary>Adds the places that can be reached without another byte.</summary>
    private void Skip(bool[] places)
    {
        for (var at = 0; at < tokens.Length; at++)
        {
            places[at + 1] |= places[at] && tokens[at].Kind is TokenKind.Star or TokenKind.DeepStar or TokenKind.Folders;
            if (places[at] && tokens[at].Kind == TokenKind.Folders)
            {
                places[at + 3] = true;
            }
        }
    }

    private static string WithoutTrailingSpaces(string line)
    {
        var length = line.TrimEnd(' ').Length;
        var backslashes = length - line.Substring(0, length).TrimEnd('\\').Length;
        return line.Substring(0, Math.Min(line.Length, length + (backslashes % 2)));
    }

    private static List<Token>? Read(byte[] pattern, bool anchored)
    {
        var read = new List<Token>();
        for (var at = 0; at < pattern.Length; at++)
        {
            switch (pattern[at])
            {
                case (byte)'\\':
                    if (++at == pattern.Length)
                    {
                        return null;
                    }

                    read.Add(new Token(TokenKind.Byte, pattern[at]));
                    break;
                case (byte)'?':
                    read.Add(new Token(TokenKind.Set, Set: [.. Enumerable.Repeat(true, 256)]));
                    break;
                case (byte)'[':
                    if (ReadSet(pattern, ref at) is not { } set)
                    {
                        return null;
                    }

                    read.Add(new Token(TokenKind.Set, Set: set));
                    break;
                case (byte)'*':
                    var start = at;
                    while (at + 1 < pattern.Length && pattern[at + 1] == '*')
                    {
                        at++;
                    }

                    AddStars(read, pattern, start, ref at, anchored);
                    break;
                default:
                    read.Add(new Token(TokenKind.Byte, pattern[at]));
                    break;
            }
        }

        return read;
    }

    private static void AddStars(List<Token> read, byte[] pattern, int start, ref int end, bool anchored)
    {
        var next = end + 1;

        // The manual asks for a slash before the stars. Git also lets them cross folders after text that has no wildcard: it reads a**/b as
        // a, and then **/b.
        var before = start == 0 || pattern[start - 1] == Slash || !pattern.Take(start).Any(value => "*?[\\".IndexOf((char)value) >= 0);
        var after = next == pattern.Length || pattern[next] == Slash
            || (pattern[next] == '\\' && pattern.ElementAtOrDefault(next + 1) == Slash);
        if (!anchored || start == end || !before || !after)
        {
            read.Add(new Token(TokenKind.Star));
        }
        else if (next < pattern.Length && pattern[next] == Slash)
        {
            read.AddRange([new Token(TokenKind.Folders), new Token(TokenKind.DeepStar), new Token(TokenKind.Byte, Slash)]);
            end = next;
        }
        else
        {
            read.Add(new Token(TokenKind.DeepStar));
        }
    }

    /// <summary>Reads a bracket expression, and moves to its end. POSIX glob(7), with backslashes that quote.</summary>
    private static bool[]? ReadSet(byte[] pattern, ref int at)
    {
        var set = new bool[256];
        var open = at + 1;
        var complement = open < pattern.Length && pattern[open] is (byte)'!' or (byte)'^';
        open += complement ? 1 : 0;
        int? low = null;
        for (at = open; at < pattern.Length; at++)
        {
            var value = pattern[at];
            if (value == ']' && at > open)
            {
                return complement ? Array.ConvertAll(set, one => !one) : set;
            }

            if (value == '-' && low is { } first && at + 1 < pattern.Length && pattern[at + 1] != ']')
            {
                at++;
                if (pattern[at] == '\\' && ++at == pattern.Length)
                {
                    return null;
                }

                for (var one = first; one <= pattern[at]; one++)
                {
                    set[one] = true;
                }

                low = null;
                continue;
            }

            if (value == '[' && at + 1 < pattern.Length && pattern[at + 1] == ':')
            {
                var close = Array.IndexOf(pattern, (byte)']', at + 2);
                if (close < 0)
                {
                    return null;
                }

                if (close > at + 2 && pattern[close - 1] == ':')
                {
                    if (!Classes.TryGetValue(Encoding.UTF8.GetString(pattern, at + 2, close - at - 3), out var isIn))
                    {
                        return null;
                    }

                    for (var one = 0; one < set.Length; one++)
                    {
                        set[one] |= isIn((byte)one);
                    }

                    (at, low) = (close, null);
                    continue;
                }
            }
            else if (value == '\\')
            {
                if (++at == pattern.Length)
                {
                    return null;
                }

                value = pattern[at];
            }

            set[value] = true;
            low = value;
        }

        return null;
    }

    private static bool IsLetter(byte value) => (value | 0x20) is >= 'a' and <= 'z';

    private static bool IsDigit(byte value) => value is >= (byte)'0' and <= (byte)'9';

    private static bool IsVisible(byte value) => value is > 0x20 and < 0x7f;

    private sealed record Token(TokenKind Kind, byte Byte = 0, bool[]? Set = null);
}

/// <summary>A path as patterns read it: relative to the root, with slashes, in UTF-8.</summary>
internal readonly struct MatchPath
{
    /// <summary>Reads a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="ignoreCase">Whether upper case is as good as lower case.</param>
    public MatchPath(string path, bool ignoreCase)
    {
        Bytes = Encoding.UTF8.GetBytes(ignoreCase ? path.ToLowerInvariant() : path);
        NameStart = Array.LastIndexOf(Bytes, (byte)'/') + 1;
    }

    /// <summary>The path.</summary>
    public byte[] Bytes { get; }

    /// <summary>Where its last part begins.</summary>
    public int NameStart { get; }
}
