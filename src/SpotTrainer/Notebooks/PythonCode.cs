namespace SpotTrainer.Notebooks;

/// <summary>An import of a module.</summary>
/// <param name="Module">Its full name.</param>
/// <param name="Names">What is imported from it; empty for the module itself.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Statement">The statement.</param>
internal sealed record PythonImport(string Module, IReadOnlyList<string> Names, int Line, PythonStatement Statement);

/// <summary>An argument of a call.</summary>
/// <param name="Name">Its keyword; null if it has none.</param>
/// <param name="Literal">Its value if it is one string; null otherwise.</param>
internal sealed record PythonArgument(string? Name, PythonToken? Literal);

/// <summary>A call of a function that has a name.</summary>
/// <param name="Function">The name with its dots, such as <c>pd.read_csv</c>. It begins with a dot if what is before is no name.</param>
/// <param name="Arguments">The arguments.</param>
/// <param name="After">The name of the method that is called on the result; null if there is none.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Statement">The statement.</param>
internal sealed record PythonCall(
    string Function, IReadOnlyList<PythonArgument> Arguments, string? After, int Line, PythonStatement Statement)
{
    /// <summary>The last part of the name.</summary>
    public string Name => Function.Substring(Function.LastIndexOf('.') + 1);

    /// <summary>What is before the last part; an empty string if there is nothing.</summary>
    public string Root => Function.LastIndexOf('.') is > 0 and var dot ? Function.Substring(0, dot) : string.Empty;

    /// <summary>Returns the argument with a name, or at a position before the first one with a name; null if it is not there.</summary>
    public PythonArgument? Argument(int position, params string[] names) =>
        Arguments.FirstOrDefault(argument => argument.Name is not null && Array.IndexOf(names, argument.Name) >= 0)
        ?? (position < Arguments.Count && Arguments[position].Name is null ? Arguments[position] : null);
}

/// <summary>The code of a script or of a cell: statements, imports, and calls. Nothing in it is run.</summary>
internal sealed class PythonCode
{
    private static readonly HashSet<string> Compound = new(
        ["if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class", "async"], StringComparer.Ordinal);

    private readonly List<PythonStatement> statements = [];

    private PythonCode()
    {
    }

    /// <summary>The statements, in their order.</summary>
    public IReadOnlyList<PythonStatement> Statements => statements;

    /// <summary>The lines that IPython handles.</summary>
    public IEnumerable<PythonToken> Magics => statements.SelectMany(statement => statement.Tokens)
        .Where(token => token.Kind == PythonTokenKind.Magic);

    /// <summary>Reads the code of a script, or of a cell of a notebook.</summary>
    public static PythonCode Read(string source, bool isNotebook)
    {
        var code = new PythonCode();
        var open = new Stack<(int Indent, PythonBlock Block)>();
        var line = new List<PythonToken>();
        PythonBlock? lastTry = null;
        foreach (var token in PythonScanner.Read(source, isNotebook))
        {
            if (token.Kind != PythonTokenKind.LineEnd)
            {
                line.Add(token);
            }
            else if (line.Count > 0)
            {
                code.AddLine(line, open, ref lastTry);
                line = [];
            }
        }

        return code;
    }

    /// <summary>Returns the imports. Those relative to a package are none of a notebook or a script.</summary>
    public IEnumerable<PythonImport> Imports() => statements.Where(statement => !statement.IsHeader).SelectMany(ImportsOf);

    /// <summary>Returns the calls.</summary>
    public IEnumerable<PythonCall> Calls() => statements.SelectMany(CallsOf);

    private void AddLine(List<PythonToken> line, Stack<(int Indent, PythonBlock Block)> open, ref PythonBlock? lastTry)
    {
        var indent = line[0].Indent;
        while (open.Count > 0 && open.Peek().Indent >= indent)
        {
            var (closed, block) = open.Pop();
            if (closed == indent && block.Keyword == "try")
            {
                lastTry = block;
            }
        }

        var around = open.Count > 0 ? open.Peek().Block : null;
        var colon = line[0].Kind == PythonTokenKind.Name && (Compound.Contains(line[0].Text) || line[line.Count - 1].Is(':'))
            ? ColonOf(line) : -1;
        if (colon < 0)
        {
            AddSimple(line, around);
            return;
        }

        var header = line.GetRange(0, colon);
        statements.Add(new PythonStatement(header, around, IsHeader: true));
        var made = new PythonBlock(line[0].Text, header.GetRange(1, colon - 1), around);
        if (made.Keyword == "except")
        {
            var names = made.Header.TakeWhile(token => !token.IsName("as")).Where(token => token.Kind == PythonTokenKind.Name)
                .Select(token => token.Text).ToArray();
            lastTry?.Caught.AddRange(names.Length > 0 ? names : ["BaseException"]);
        }

        AddSimple(line.GetRange(colon + 1, line.Count - colon - 1), made);
        open.Push((indent, made));
    }

    private void AddSimple(List<PythonToken> line, PythonBlock? block)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i <= line.Count; i++)
        {
            if (i == line.Count || (depth == 0 && line[i].Is(';')))
            {
                if (i > start)
                {
                    statements.Add(new PythonStatement(line.GetRange(start, i - start), block, IsHeader: false));
                }

                start = i + 1;
            }
            else
            {
                depth += DepthOf(line[i]);
            }
        }
    }

    /// <summary>Returns where the header of a compound statement ends; −1 if it does not.</summary>
    private static int ColonOf(List<PythonToken> line)
    {
        var (depth, lambdas) = (0, 0);
        for (var i = 1; i < line.Count; i++)
        {
            depth += DepthOf(line[i]);
            lambdas += line[i].IsName("lambda") && depth == 0 ? 1 : 0;
            if (depth == 0 && line[i].Is(':') && lambdas-- == 0)
            {
                return i;
            }
        }

        return -1;
    }

    private static int DepthOf(PythonToken token) => token.Kind != PythonTokenKind.Operator ? 0
        : token.Text[0] is '(' or '[' or '{' ? 1
        : token.Text[0] is ')' or ']' or '}' ? -1
        : 0;

    private static IEnumerable<PythonImport> ImportsOf(PythonStatement statement)
    {
        var tokens = statement.Tokens;
        if (tokens[0].IsName("import"))
        {
            for (var i = 1; i < tokens.Count; i++)
            {
                var module = DottedName(tokens, ref i);
                if (module.Length == 0)
                {
                    yield break;
                }

                yield return new PythonImport(module, [], statement.Line, statement);
                while (i < tokens.Count && !tokens[i].Is(','))
                {
                    i++;
                }
            }
        }
        else if (tokens[0].IsName("from"))
        {
            var i = 1;
            var module = DottedName(tokens, ref i);
            if (module.Length > 0 && i < tokens.Count && tokens[i].IsName("import"))
            {
                var names = tokens.Skip(i + 1).Where((token, index) => token.Kind == PythonTokenKind.Name
                    && (index == 0 || !tokens[i + index].IsName("as")) && token.Text != "as");
                yield return new PythonImport(module, names.Select(token => token.Text).ToArray(), statement.Line, statement);
            }
        }
    }

    /// <summary>Reads a name with dots; an empty string if there is none.</summary>
    private static string DottedName(IReadOnlyList<PythonToken> tokens, ref int i)
    {
        var name = string.Empty;
        for (; i < tokens.Count; i++)
        {
            var isPart = name.Length == 0 || name[name.Length - 1] == '.';
            if (isPart ? tokens[i].Kind != PythonTokenKind.Name : !tokens[i].Is('.'))
            {
                break;
            }

            name += tokens[i].Text;
        }

        return name;
    }

    private static IEnumerable<PythonCall> CallsOf(PythonStatement statement)
    {
        var tokens = statement.Tokens;
        for (var i = 1; i < tokens.Count; i++)
        {
            if (tokens[i].Is('(') && tokens[i - 1].Kind == PythonTokenKind.Name
                && !(i > 1 && (tokens[i - 2].IsName("def") || tokens[i - 2].IsName("class"))))
            {
                var name = tokens[i - 1].Text;
                var first = i - 1;
                while (first > 1 && tokens[first - 1].Is('.') && tokens[first - 2].Kind == PythonTokenKind.Name)
                {
                    first -= 2;
                    name = tokens[first].Text + "." + name;
                }

                var end = i;
                var arguments = ArgumentsOf(tokens, ref end);
                var after = end + 2 < tokens.Count && tokens[end + 1].Is('.') && tokens[end + 2].Kind == PythonTokenKind.Name
                    ? tokens[end + 2].Text : null;
                yield return new PythonCall(
                    first > 0 && tokens[first - 1].Is('.') ? "." + name : name, arguments, after, tokens[first].Line, statement);
            }
        }
    }

    /// <summary>Reads the arguments from the opening bracket to the closing one.</summary>
    private static List<PythonArgument> ArgumentsOf(IReadOnlyList<PythonToken> tokens, ref int i)
    {
        var arguments = new List<PythonArgument>();
        var (depth, start) = (0, i + 1);
        for (; i < tokens.Count; i++)
        {
            depth += DepthOf(tokens[i]);
            if (depth == 0 || (depth == 1 && tokens[i].Is(',')))
            {
                if (i > start)
                {
                    var hasName = i > start + 2 && tokens[start].Kind == PythonTokenKind.Name
                        && tokens[start + 1].Is('=') && !tokens[start + 2].Is('=');
                    var (value, end) = (hasName ? start + 2 : start, i - 1);
                    while (value < end && tokens[value].Is('(') && tokens[end].Is(')'))
                    {
                        (value, end) = (value + 1, end - 1);
                    }

                    arguments.Add(new PythonArgument(
                        hasName ? tokens[start].Text : null,
                        value == end && tokens[value].Kind == PythonTokenKind.Literal ? tokens[value] : null));
                }

                start = i + 1;
                if (depth == 0)
                {
                    break;
                }
            }
        }

        return arguments;
    }
}
