using SpotTrainer.Foundation;

namespace SpotTrainer.Notebooks;

/// <summary>
/// Checks notebooks and scripts before money is spent. It reports what would fail, and keeps silent where nobody can know: a false alarm
/// costs more than a miss, which a rehearsal finds as well.
/// </summary>
internal sealed class NotebookChecker
{
    /// <summary>The first ones are enough for somebody who did not ask.</summary>
    private const int MostWarnings = 3;

    private readonly string path;
    private readonly NotebookCheckRequest request;
    private readonly IStepLog log;
    private readonly List<NotebookFinding> findings = [];

    private NotebookChecker(string path, NotebookCheckRequest request, IStepLog log)
    {
        this.path = path;
        this.request = request;
        this.log = log;
    }

    /// <summary>Returns the findings, in the order of the file.</summary>
    /// <exception cref="SpotTrainerException"><c>NotebookNotFound</c>, and those of asking a host.</exception>
    public static async Task<IReadOnlyList<NotebookFinding>> CheckAsync(
        string path, NotebookCheckRequest request, IStepLog log, CancellationToken cancellationToken)
    {
        var checker = new NotebookChecker(path, request, log);
        try
        {
            await checker.CheckAsync(cancellationToken);
        }
        catch (SpotTrainerException exception) when (exception.Concerns is string concerned && concerned == TerminalText.Clean(path)
            && exception.Id != "NotebookNotFound")
        {
            checker.Report(exception);
        }

        return checker.findings.OrderBy(finding => finding.Cell ?? 0).ThenBy(finding => finding.Line ?? 0).ToArray();
    }

    /// <summary>Warns of what surely fails, whatever environment and data there will be.</summary>
    public static async Task WarnAsync(string path, IStepLog log, CancellationToken cancellationToken)
    {
        var found = await CheckAsync(path, new NotebookCheckRequest(), new SilentLog(), cancellationToken);
        foreach (var finding in found.Where(one => one.Severity == FindingSeverity.Error && one.Line is not null).Take(MostWarnings))
        {
            var cell = finding.Cell is { } number ? $"cell {DisplayText.Number(number)}, " : string.Empty;
            log.Warning(
                $"{Path.GetFileName(path)}, {cell}line {DisplayText.Number(finding.Line!.Value)}: {finding.Message} {finding.Advice}");
        }
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<NotebookUnit> units;
        NotebookKernel? kernel = null;
        if (NotebookReader.IsScript(path))
        {
            var source = NotebookReader.ReadScript(path);
            units = [new NotebookUnit(Cell: null, source, PythonCode.Read(source, isNotebook: false), MayFail: false)];
        }
        else
        {
            var notebook = NotebookReader.Read(path);
            kernel = notebook.Kernel;
            units = NotebookUnit.Of(notebook);
            if (notebook.Format < new Version(NotebookReader.First, 0))
            {
                Report(NotebookErrors.Outdated(path, notebook.Format));
            }
            else if (notebook.Format.Major > NotebookReader.First)
            {
                Add(null, null, FindingSeverity.Information, "NotebookNewer",
                    $"The notebook is in format {notebook.Format}, which is newer than 4. Jobs read it as format 4.",
                    "Nothing, unless the run fails. Then save it in format 4 with Jupyter.");
            }
        }

        var isPython = kernel?.IsPython != false;
        var imports = new ImportCheck(path, isPython ? units : [], Add);
        var environment = request.Ask is null ? request.Environment : await request.Ask(imports.Names, cancellationToken);
        if (!isPython)
        {
            if (environment?.HasKernel(kernel!) != true)
            {
                Report(NotebookErrors.Language(path, kernel!, request.Ask is null ? null : environment?.Title));
            }

            return;
        }

        foreach (var unit in units)
        {
            CheckSyntax(unit);
            CheckQuestions(unit);
        }

        imports.Check(environment, request.Data);
        var files = new PathCheck(path, units, request.Data, Add);
        files.Check();
        log.Verbose(Summary(units, imports, files, environment));
    }

    /// <summary>What Python refuses for certain.</summary>
    private void CheckSyntax(NotebookUnit unit)
    {
        if (unit.Code.Statements.FirstOrDefault(IsPython2Print) is { } print && !unit.MayFail
            && !findings.Exists(one => one.Id == "Python2Syntax"))
        {
            Add(unit, print.Line, FindingSeverity.Error, "Python2Syntax", "This is Python 2: print is a function in Python 3.",
                "Convert the code to Python 3, for example with 2to3.");
        }

        if (unit.Code.Statements.FirstOrDefault(IsConflictMarker) is { } marker)
        {
            Add(unit, marker.Line, FindingSeverity.Error, "NotebookConflict", "This is a marker of a merge conflict.",
                "Choose one version, and delete the lines with the markers.");
        }
    }

    private static bool IsPython2Print(PythonStatement statement) => !statement.IsHeader && statement.Tokens.Count > 1
        && statement.Tokens[0].IsName("print") && (statement.Tokens[1].Kind is PythonTokenKind.Literal or PythonTokenKind.OtherText
            or PythonTokenKind.Number || (statement.Tokens[1].Kind == PythonTokenKind.Name
                && statement.Tokens[1].Text is not ("if" or "is" or "in" or "and" or "or" or "not" or "for" or "else" or "as")));

    private static bool IsConflictMarker(PythonStatement statement) =>
        statement.Tokens.Count > 7 && statement.Tokens[0].Indent == 0 && statement.Tokens.Take(7).All(token => token.Is('<'));

    /// <summary>What waits for somebody at a keyboard.</summary>
    private void CheckQuestions(NotebookUnit unit)
    {
        foreach (var call in unit.Code.Calls())
        {
            var isGetpass = call.Function is "getpass.getpass" or "getpass";
            if (!(call.Function == "input" || isGetpass) || unit.MayFail || IsDefined(unit, call.Function))
            {
                continue;
            }

            var certainty = call.Statement.CertaintyOf("EOFError", "NotImplementedError", "RuntimeError", "StdinNotImplementedError");
            if (certainty > Certainty.Guarded)
            {
                Add(unit, call.Line, SeverityOf(certainty), "InputNeeded",
                    $"{call.Name}() asks a question, and nobody answers in a job. It fails at once.",
                    isGetpass
                        ? "Read the secret from a file that you send, or from an environment variable, and keep it out of the notebook."
                        : "Put the value into the notebook, for example in a cell with the tag 'parameters'.");
            }
        }
    }

    /// <summary>Whether a name means something else there, such as a parameter.</summary>
    private static bool IsDefined(NotebookUnit unit, string name) => unit.Code.Statements.Any(
        statement => (statement.IsHeader && statement.Tokens.Any(token => token.IsName("def"))
                && statement.Tokens.Any(token => token.IsName(name)))
            || (statement.Tokens.Count > 1 && statement.Tokens[0].IsName(name) && statement.Tokens[1].Is('=')));

    /// <summary>How bad it is if a statement fails.</summary>
    internal static FindingSeverity SeverityOf(Certainty certainty) =>
        certainty == Certainty.Certain ? FindingSeverity.Error : FindingSeverity.Warning;

    private string Summary(IReadOnlyList<NotebookUnit> units, ImportCheck imports, PathCheck files, NotebookEnvironment? environment)
    {
        var needed = imports.Packages.Count == 0 ? "It needs no packages." : $"It needs {string.Join(", ", imports.Packages)}.";
        var judged = environment is null
            ? " Whether they will be there is not known: use -Package, -EnvironmentFile, or -Instance."
            : $" This was judged against {environment.Title}.";
        var read = files.Read.Count == 0 ? string.Empty : $" It reads {string.Join(", ", files.Read)}"
            + (request.Data is null ? "; -DataPath tells whether that will be there." : $"; the data is {request.Data.Title}.");
        return $"{path}: {(NotebookReader.IsScript(path) ? "a script" : DisplayText.Count(units.Count, "cell"))}. {needed}"
            + (imports.Packages.Count == 0 && environment is null ? string.Empty : judged) + read;
    }

    private void Report(SpotTrainerException error) => findings.Add(
        new NotebookFinding(
            path, cell: null, line: null, FindingSeverity.Error, error.Id,
            error.Message.Replace(TerminalText.Clean(path), Path.GetFileName(path)), error.NextStep));

    private void Add(NotebookUnit? unit, int? line, FindingSeverity severity, string id, string message, string advice) => findings.Add(
        new NotebookFinding(
            path, unit?.Cell, line, severity, id, message, advice, unit is null || line is null ? string.Empty : unit.LineAt(line.Value)));
}

/// <summary>Adds a finding.</summary>
/// <param name="unit">Where it is; null for the file.</param>
/// <param name="line">The line, from 1; null for the file.</param>
/// <param name="severity">How bad it is.</param>
/// <param name="id">What kind it is.</param>
/// <param name="message">What is wrong.</param>
/// <param name="advice">What to do.</param>
internal delegate void AddFinding(
    NotebookUnit? unit, int? line, FindingSeverity severity, string id, string message, string advice);
