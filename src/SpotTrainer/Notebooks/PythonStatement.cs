namespace SpotTrainer.Notebooks;

/// <summary>How sure it is that a statement runs, and that what it raises ends the run.</summary>
internal enum Certainty
{
    /// <summary>It never runs: it is there for type checkers.</summary>
    Never,

    /// <summary>What it raises is caught.</summary>
    Guarded,

    /// <summary>It runs if a condition is true, or if a function is called.</summary>
    Conditional,

    /// <summary>It runs.</summary>
    Certain,
}

/// <summary>A block of Python, such as the body of <c>if</c>.</summary>
/// <param name="Keyword">The first word of its header.</param>
/// <param name="Header">The header, without the keyword and the colon.</param>
/// <param name="Parent">The block around it; null at the top.</param>
internal sealed record PythonBlock(string Keyword, IReadOnlyList<PythonToken> Header, PythonBlock? Parent)
{
    /// <summary>The names in the <c>except</c> clauses of a <c>try</c>, as far as they were read.</summary>
    public List<string> Caught { get; } = [];

    /// <summary>Whether the header has a name or a string in which a word stands, whatever its case.</summary>
    public bool Mentions(string word) => Header.Any(token => token.Text.IndexOf(word, StringComparison.OrdinalIgnoreCase) >= 0)
        || Parent?.Mentions(word) == true;
}

/// <summary>A simple statement of Python, or the header of a compound one.</summary>
/// <param name="Tokens">Its tokens.</param>
/// <param name="Block">The block that it is in; null at the top.</param>
/// <param name="IsHeader">Whether it is the header of a block.</param>
internal sealed record PythonStatement(IReadOnlyList<PythonToken> Tokens, PythonBlock? Block, bool IsHeader)
{
    public int Line => Tokens[0].Line;

    /// <summary>Returns how sure it is that the statement runs and may raise one of some exceptions.</summary>
    public Certainty CertaintyOf(params string[] exceptions)
    {
        var certainty = Certainty.Certain;
        for (var block = Block; block is not null; block = block.Parent)
        {
            var one = Of(block, exceptions);
            certainty = one < certainty ? one : certainty;
        }

        return certainty;
    }

    private static Certainty Of(PythonBlock block, string[] exceptions)
    {
        bool Has(string name) => block.Header.Any(token => token.IsName(name));
        switch (block.Keyword)
        {
            case "try":
                return block.Caught.Exists(name => name is "Exception" or "BaseException" || Array.IndexOf(exceptions, name) >= 0)
                    ? Certainty.Guarded : Certainty.Certain;
            case "with":
                return Has("suppress") && Array.Exists(exceptions, Has) ? Certainty.Guarded : Certainty.Certain;
            case "if":
                return Has("TYPE_CHECKING") || (block.Header.Count == 1 && block.Header[0].Text is "False" or "0") ? Certainty.Never
                    : Has("__name__") ? Certainty.Certain
                    : Certainty.Conditional;
            case "async":
                return Has("def") ? Certainty.Conditional : Certainty.Certain;
            case "for" or "class" or "finally":
                return Certainty.Certain;
            default:
                return Certainty.Conditional;
        }
    }
}
