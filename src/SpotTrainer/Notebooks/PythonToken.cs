namespace SpotTrainer.Notebooks;

/// <summary>What a token of Python is.</summary>
internal enum PythonTokenKind
{
    /// <summary>A name or a keyword.</summary>
    Name,

    /// <summary>A number.</summary>
    Number,

    /// <summary>A string whose value is known.</summary>
    Literal,

    /// <summary>A string with fields, of bytes, or too long to be of interest.</summary>
    OtherText,

    /// <summary>A character that is an operator or part of one.</summary>
    Operator,

    /// <summary>The end of a statement's last line.</summary>
    LineEnd,

    /// <summary>A line that IPython handles and Python does not know: a magic, a shell command, a question.</summary>
    Magic,
}

/// <summary>A token of Python.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The name, number, or operator; the value of a string, without its fields; the whole line of a magic.</param>
/// <param name="Line">The line where it begins, from 1.</param>
/// <param name="Indent">The columns before the first token of a logical line; −1 for the others.</param>
internal sealed record PythonToken(PythonTokenKind Kind, string Text, int Line, int Indent)
{
    public bool IsName(string name) => Kind == PythonTokenKind.Name && Text == name;

    public bool Is(char letter) => Kind == PythonTokenKind.Operator && Text[0] == letter;
}
