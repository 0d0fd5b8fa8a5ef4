using System.Text.RegularExpressions;

namespace SpotTrainer.Notebooks;

/// <summary>Finds files that a job will not have, and paths that exist only on other computers.</summary>
internal sealed class PathCheck
{
    private const RegexOptions Options = RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A whole path on Windows. The first name has two letters at least, because a pattern such as <c>a:\s</c> is no path.
    /// </summary>
    private static readonly Regex WindowsPath = new(
        @"\A([A-Za-z]:[\\/][\w .()-]{2,}([\\/][\w .()*-]+)*[\\/]?|\\\\[\w.-]+\\[\w.$-]+.*)\z", Options, Timeout);

    /// <summary>What is no path: an address, or a text with characters that names of data files do not have.</summary>
    private static readonly Regex NoPath = new(@"\A[A-Za-z][A-Za-z0-9+.-]+:|[\r\n\t*?{}<>|]|\A\s*\z|\A-\z|\A\[", Options, Timeout);

    /// <summary>The home folders of users who exist only on other computers.</summary>
    private static readonly Regex ForeignHome = new(
        @"\A/Users/|\A/content(/|\z)|\A/home/(?!(ubuntu|ec2-user|admin|debian|rocky|fedora|centos)(/|\z))[^/]+", Options, Timeout);

    /// <summary>What every Linux has.</summary>
    private static readonly Regex SystemFolder = new(
        @"\A/(usr|etc|proc|sys|dev|tmp|var|opt|bin|lib|run|lib64)(/|\z)|\A/\z", Options, Timeout);

    /// <summary>The functions whose first argument is a file or folder that must be there, whatever they are called on.</summary>
    private static readonly HashSet<string> Readers = new(
        """
        read_csv read_table read_excel read_json read_parquet read_feather read_pickle read_hdf read_fwf read_orc read_stata read_sas
        read_spss read_xml scan_csv scan_parquet loadtxt genfromtxt imread loadmat load_workbook ExcelFile listdir scandir
        image_dataset_from_directory flow_from_directory ImageFolder
        """.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);

    /// <summary>The same, only as part of these modules.</summary>
    private static readonly HashSet<string> FullReaders = new(
        [
            "np.load", "numpy.load", "joblib.load", "torch.load", "gpd.read_file", "geopandas.read_file", "keras.models.load_model",
            "load_model", "tf.keras.models.load_model", "models.load_model",
        ], StringComparer.Ordinal);

    /// <summary>The functions that open a file, with the mode as second argument.</summary>
    private static readonly HashSet<string> Openers = new(
        [
            "open", "io.open", "codecs.open", "gzip.open", "bz2.open", "lzma.open", "Image.open", "PIL.Image.open", "h5py.File",
            "zipfile.ZipFile", "ZipFile", "tarfile.open",
        ], StringComparer.Ordinal);

    /// <summary>The functions that write a file or folder, and at which position they take it.</summary>
    private static readonly Dictionary<string, int> Writers = new(StringComparer.Ordinal)
    {
        ["to_csv"] = 0, ["to_parquet"] = 0, ["to_pickle"] = 0, ["to_json"] = 0, ["to_excel"] = 0, ["to_feather"] = 0, ["to_hdf"] = 0,
        ["savefig"] = 0, ["savez"] = 0, ["savez_compressed"] = 0, ["savetxt"] = 0, ["imwrite"] = 0, ["imsave"] = 0, ["save_model"] = 0,
        ["save_weights"] = 0, ["makedirs"] = 0, ["mkdir"] = 0, ["save"] = 0, ["dump"] = 1, ["ModelCheckpoint"] = 0, ["save_pretrained"] = 0,
    };

    /// <summary>What makes files of names that the code does not say, or changes the folder.</summary>
    private static readonly Regex Makers = new(
        @"\A(os\.(system|chdir|popen|rename|symlink)|chdir|subprocess\..+|shutil\..+)\z"
            + "|download|extract|unpack_archive|urlretrieve|get_file", Options, Timeout);

    private readonly string folder;
    private readonly IReadOnlyList<NotebookUnit> units;
    private readonly DataFolder? data;
    private readonly AddFinding add;
    private readonly List<string> read = [];
    private readonly HashSet<string> otherNames = new(StringComparer.Ordinal);
    private readonly HashSet<PythonToken> used;
    private readonly HashSet<PythonToken> reported = [];
    private readonly string commands;
    private readonly bool makesFiles;

    public PathCheck(string path, IReadOnlyList<NotebookUnit> units, DataFolder? data, AddFinding add)
    {
        folder = Path.GetDirectoryName(path) ?? string.Empty;
        this.units = units;
        this.data = data;
        this.add = add;
        var calls = units.SelectMany(unit => unit.Code.Calls()).ToArray();
        var opened = new HashSet<PythonToken>(calls.Select(ReadBy).OfType<PythonToken>());
        used = [.. opened, .. calls.Select(call => WrittenBy(call)?.Literal).OfType<PythonToken>()];

        // What is named elsewhere in the code may be made there.
        foreach (var token in units.SelectMany(unit => unit.Code.Statements).SelectMany(statement => statement.Tokens))
        {
            if (token.Kind is PythonTokenKind.Literal or PythonTokenKind.OtherText && !opened.Contains(token))
            {
                otherNames.Add(NameOf(token.Text));
            }
        }

        var magics = units.SelectMany(unit => unit.Code.Magics).Select(magic => magic.Text).ToArray();
        commands = string.Join("\n", magics);
        makesFiles = magics.Any(Magic.MayMakeFiles)
            || calls.Any(call => Makers.IsMatch(call.Function)
                || (WrittenBy(call) is { Literal: null } && call.Name is not ("dump" or "save")));
    }

    /// <summary>The files that the code reads, as it names them.</summary>
    public IReadOnlyList<string> Read => read;

    /// <summary>Adds the findings.</summary>
    public void Check()
    {
        foreach (var unit in units.Where(unit => !unit.MayFail))
        {
            foreach (var statement in unit.Code.Statements)
            {
                // A string alone is a comment.
                if (statement.Tokens.Any(token => token.Kind is not (PythonTokenKind.Literal or PythonTokenKind.OtherText)))
                {
                    foreach (var token in statement.Tokens.Where(token => token.Kind == PythonTokenKind.Literal))
                    {
                        CheckAnywhere(unit, statement, token);
                    }
                }
            }

            foreach (var call in unit.Code.Calls())
            {
                CheckCall(unit, call);
            }
        }
    }

    /// <summary>Reports paths that exist only on other computers, whatever is done with them.</summary>
    private void CheckAnywhere(NotebookUnit unit, PythonStatement statement, PythonToken token)
    {
        var text = token.Text;
        var certainty = statement.CertaintyOf("FileNotFoundError", "OSError", "IOError", "NotADirectoryError");
        if (certainty <= Certainty.Guarded)
        {
            return;
        }

        var severity = statement.Tokens.Any(one => one.IsName("walk") || one.IsName("exists") || one.IsName("glob") || one.IsName("isdir"))
            ? FindingSeverity.Warning : NotebookChecker.SeverityOf(certainty);
        if (IsBelow(text, "/kaggle") && statement.Block?.Mentions("kaggle") != true)
        {
            var isOutput = IsBelow(text, "/kaggle/working") || IsBelow(text, "/kaggle/temp");
            Report(severity, "KagglePath", $"{text} exists only on Kaggle.", isOutput
                ? "Write to a name without a folder: Receive-TrainingResult fetches it." : ReadAdvice(text));
        }
        else if (IsBelow(text, "../input") && statement.Block?.Mentions("kaggle") != true)
        {
            Report(severity, "KagglePath", $"{text} is where Kaggle has its data. A job has it in data.", ReadAdvice(text));
        }
        else if ((IsBelow(text, "/content/drive") || IsBelow(text, "/content/gdrive") || IsBelow(text, "/content/sample_data"))
            && statement.Block?.Mentions("colab") != true && !statement.Tokens.Any(one => one.IsName("mount")))
        {
            Report(severity, "ColabPath", $"{text} exists only in Google Colab.", ReadAdvice(text));
        }
        else if (text.Length < 1000 && WindowsPath.IsMatch(text) && statement.Block?.Mentions("win") != true)
        {
            Report(
                used.Contains(token) ? severity : FindingSeverity.Warning, "WindowsPath",
                $"{text} is a path on Windows. Jobs run on Linux.", ReadAdvice(text));
        }

        void Report(FindingSeverity level, string id, string message, string advice)
        {
            reported.Add(token);
            add(unit, token.Line, level, id, message, advice);
        }
    }

    private void CheckCall(NotebookUnit unit, PythonCall call)
    {
        var certainty = call.Statement.CertaintyOf("FileNotFoundError", "OSError", "IOError", "NotADirectoryError");
        if (certainty <= Certainty.Guarded)
        {
            return;
        }

        if (call.Name == "expanduser")
        {
            CheckHome(unit, call);
        }
        else if (ReadBy(call) is { } token)
        {
            if (!reported.Contains(token) && token.Text.Length < 1000 && !NoPath.IsMatch(token.Text))
            {
                read.Add(token.Text);
                CheckRead(unit, token, NotebookChecker.SeverityOf(certainty));
            }
        }
        else if (WrittenBy(call)?.Literal is { } target && !reported.Contains(target))
        {
            CheckWrite(unit, target, NotebookChecker.SeverityOf(certainty));
        }
    }

    private void CheckRead(NotebookUnit unit, PythonToken token, FindingSeverity severity)
    {
        var text = token.Text;
        if (text.IndexOf('\\') >= 0)
        {
            add(unit, token.Line, severity, "WindowsPath", $"{text} has backslashes, which are no separators on Linux.",
                data?.Suggest(text) is { } found ? $"Write {found}." : "Write slashes, and read the data from data.");
        }
        else if (text[0] == '/' || text[0] == '~')
        {
            if (!SystemFolder.IsMatch(text) && !text.Contains("/spottrainer/"))
            {
                AddAbsolute(unit, token, severity);
            }
        }
        else
        {
            CheckRelative(unit, token, severity);
        }
    }

    private void CheckRelative(NotebookUnit unit, PythonToken token, FindingSeverity severity)
    {
        var text = token.Text;
        var parts = new List<string>();
        foreach (var part in text.Split('/').Where(part => part is not ("" or ".")))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else
            {
                add(unit, token.Line, severity, "ParentPath", $"{text} is outside of the job's folder, where nothing of yours is.",
                    ReadAdvice(text));
                return;
            }
        }

        if (parts.Count == 0)
        {
            return;
        }

        var rest = string.Join("/", parts.Skip(1));
        if (parts[0] == "data")
        {
            if (data is not null && !data.Has(rest) && !IsMade(text))
            {
                add(unit, token.Line, severity, "DataMissing", $"{text} is not in {data.Title}.",
                    data.InOtherCase(rest) is { } other ? $"Write data/{other}: names on the instance are case-sensitive."
                        : "Correct the path, or put the file there. A job sees what you send as data.");
            }

            return;
        }

        if (IsMade(text))
        {
            return;
        }

        var suggested = data?.Suggest(text);
        var isHere = File.Exists(Path.Combine(folder, text)) || Directory.Exists(Path.Combine(folder, text));
        if (!makesFiles || suggested is not null || isHere)
        {
            add(unit, token.Line, makesFiles ? FindingSeverity.Warning : severity, "DataMissing",
                $"{text} is not in the job's folder: a job gets the notebook, and what you send as data.",
                suggested is not null ? $"Write {suggested}." : $"Send it with Send-TrainingData, and write data/{NameOf(text)}.");
        }
    }

    private void CheckWrite(NotebookUnit unit, PythonToken target, FindingSeverity severity)
    {
        var text = target.Text;
        if (text.Length > 1 && text.Length < 1000 && text[0] == '/' && !NoPath.IsMatch(text) && !SystemFolder.IsMatch(text))
        {
            AddOutput(unit, target, ForeignHome.IsMatch(text) ? severity : FindingSeverity.Warning);
        }
    }

    /// <summary>Reports what is in the home folder: the statement tells whether it is written.</summary>
    private void CheckHome(NotebookUnit unit, PythonCall call)
    {
        if (call.Argument(0)?.Literal is not { } target || !target.Text.StartsWith("~/", StringComparison.Ordinal)
            || target.Text.StartsWith("~/spottrainer/", StringComparison.Ordinal))
        {
            return;
        }

        if (call.Statement.Tokens.Any(token => (token.Kind == PythonTokenKind.Name && Writers.ContainsKey(token.Text))
            || (token.Kind == PythonTokenKind.Literal && token.Text is "w" or "wb" or "a" or "ab" or "x" or "xb")))
        {
            AddOutput(unit, target, FindingSeverity.Warning);
        }
        else if (call.Statement.Tokens.Any(
            token => token.Kind == PythonTokenKind.Name && (Readers.Contains(token.Text) || token.Text == "open")))
        {
            AddAbsolute(unit, target, FindingSeverity.Warning);
        }
    }

    private void AddOutput(NotebookUnit unit, PythonToken target, FindingSeverity severity) => add(
        unit, target.Line, severity, "OutputElsewhere",
        $"{target.Text} is outside of the job's folder. Receive-TrainingResult does not fetch it.",
        $"Write to a relative path, such as {NameOf(target.Text)}.");

    private void AddAbsolute(NotebookUnit unit, PythonToken token, FindingSeverity severity) => add(
        unit, token.Line, ForeignHome.IsMatch(token.Text) ? severity : FindingSeverity.Warning, "AbsolutePath",
        $"{token.Text} is {(ForeignHome.IsMatch(token.Text) ? "not on the instance" : "on the instance only if you put it there")}.",
        ReadAdvice(token.Text));

    /// <summary>Says where a job finds a file of another computer.</summary>
    private string ReadAdvice(string text) => data?.Suggest(text) is { } found ? $"Write {found}."
        : data is null ? "Send it with Send-TrainingData, and read it from data. Test-TrainingNotebook -DataPath tells where it will be."
        : $"It is not in {data.Title} either: put it there, and read it from data.";

    private bool IsMade(string text) => otherNames.Contains(NameOf(text)) || commands.Contains(NameOf(text));

    private static string NameOf(string path) =>
        path.TrimEnd('/', '\\') is var trimmed ? trimmed.Substring(trimmed.LastIndexOfAny(['/', '\\']) + 1) : path;

    private static bool IsBelow(string path, string folder) => path.StartsWith(folder, StringComparison.Ordinal)
        && (path.Length == folder.Length || path[folder.Length] == '/');

    /// <summary>Returns the path that a call reads; null if it reads none, or one that only the run knows.</summary>
    private static PythonToken? ReadBy(PythonCall call) => Readers.Contains(call.Name) || FullReaders.Contains(call.Function)
            ? call.Argument(0, "filepath_or_buffer", "path", "io", "file", "fname", "directory", "f", "source", "filename")?.Literal
        : Openers.Contains(call.Function) && ModeOf(call).StartsWith("r", StringComparison.Ordinal)
            ? call.Argument(0, "file", "filename")?.Literal
        : call.Name == "Path" && call.After is "read_text" or "read_bytes" or "iterdir" ? call.Argument(0)?.Literal
        : null;

    /// <summary>Returns the argument that names what a call writes; null if it writes nothing.</summary>
    private static PythonArgument? WrittenBy(PythonCall call) =>
        Openers.Contains(call.Function) ? ModeOf(call) is { Length: > 0 } mode && mode[0] is 'w' or 'a' or 'x'
            ? call.Argument(0, "file", "name") : null
        : call.Name == "Path" && call.After is "write_text" or "write_bytes" or "mkdir" ? call.Argument(0)
        : Writers.TryGetValue(call.Name, out var position)
            ? call.Argument(call.Function == "torch.save" ? 1 : position, "path_or_buf", "path", "fname", "filepath", "file")
        : null;

    /// <summary>Returns the mode of opening; an empty string if only the run knows it.</summary>
    private static string ModeOf(PythonCall call) =>
        call.Argument(1, "mode") is { } argument ? argument.Literal?.Text ?? string.Empty : "r";
}
