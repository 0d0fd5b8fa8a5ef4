namespace SpotTrainer.Notebooks;

/// <summary>Finds modules that a job will not have: packages, files beside the notebook, and those of Google Colab.</summary>
internal sealed class ImportCheck
{
    private readonly string folder;
    private readonly IReadOnlyList<NotebookUnit> units;
    private readonly AddFinding add;
    private readonly List<Use> uses;
    private readonly HashSet<string> written;
    private readonly bool isPathChanged;

    public ImportCheck(string path, IReadOnlyList<NotebookUnit> units, AddFinding add)
    {
        folder = Path.GetDirectoryName(path) ?? string.Empty;
        this.units = units;
        this.add = add;
        written = new HashSet<string>(
            units.SelectMany(unit => unit.Code.Magics).Select(magic => Magic.WrittenFile(magic.Text)).OfType<string>(),
            StringComparer.Ordinal);
        isPathChanged = units.Any(ChangesPath);
        uses = units.Where(unit => !unit.MayFail).SelectMany(unit => unit.Code.Imports().Select(
                import => new Use(unit, import, import.Statement.CertaintyOf("ImportError", "ModuleNotFoundError"))))
            .Where(use => use.Certainty > Certainty.Guarded).ToList();
    }

    /// <summary>The modules to ask a stack for, by the first parts of their names.</summary>
    public IReadOnlyCollection<string> Names => uses.Select(use => use.Top).Distinct(StringComparer.Ordinal).ToArray();

    /// <summary>The packages that the code needs, for a user.</summary>
    public IReadOnlyCollection<string> Packages => uses
        .Where(use => !StandardModules.Contains(use.Top) && !IsLocal(use.Top) && !IsColab(use.Import))
        .Select(use => ImportNames.Of(use.FullName).Title).Distinct(StringComparer.Ordinal)
        .OrderBy(name => name, StringComparer.Ordinal).ToArray();

    /// <summary>Adds the findings.</summary>
    public void Check(NotebookEnvironment? environment, DataFolder? data)
    {
        var installed = CheckInstallations();
        CheckRunFiles(data);
        CheckColab();
        foreach (var modules in uses.Where(use => !IsColab(use.Import)).GroupBy(use => use.Module, StringComparer.Ordinal))
        {
            // The same module in other lines fails for the same reason. What surely runs says more than what may run.
            var use = modules.FirstOrDefault(one => one.Certainty == Certainty.Certain) ?? modules.First();
            var answer = environment?.Has(use.Module, installed);
            if (IsLocal(use.Top) && answer != ModuleAnswer.There && !StandardModules.Contains(use.Top))
            {
                CheckLocal(use, data);
            }
            else if (answer is ModuleAnswer.Missing or ModuleAnswer.Doubtful && !(isPathChanged && !ImportNames.Knows(use.Module)))
            {
                ReportMissing(use, answer == ModuleAnswer.Missing, environment!);
            }
        }
    }

    private void ReportMissing(Use use, bool isSure, NotebookEnvironment environment)
    {
        var package = ImportNames.Of(use.FullName);
        var isStandard = StandardModules.Contains(use.Top);
        add(use.Unit, use.Import.Line, isSure ? NotebookChecker.SeverityOf(use.Certainty) : FindingSeverity.Warning, "ImportMissing",
            isSure ? $"The module {use.Module} is missing in {environment.Title}."
                : $"No package in {environment.Title} is known to have the module {use.Module}.",
            isStandard ? "Python no longer has it: use what its documentation names instead, or an older Python."
                : ImportNames.Knows(use.FullName) ? $"Add the package {package.Title}."
                : $"Add the package that has it, which may be {package.Conda}. A file of your own would have to be beside the notebook.");
    }

    /// <summary>Reports a module that is beside the notebook: a job gets only the notebook.</summary>
    private void CheckLocal(Use use, DataFolder? data)
    {
        if (isPathChanged || written.Contains(use.Top + ".py"))
        {
            return;
        }

        var name = File.Exists(Path.Combine(folder, use.Top + ".py")) ? use.Top + ".py" : use.Top;
        add(use.Unit, use.Import.Line, NotebookChecker.SeverityOf(use.Certainty), "LocalModule",
            $"{name} is beside the notebook, but a job gets only the notebook and the data.",
            (data?.Has(name) == true ? $"{name} is in the data, too: put" : $"Send {name} with the data, and put")
                + " 'import sys; sys.path.insert(0, \"data\")' before the import.");
    }

    private void CheckRunFiles(DataFolder? data)
    {
        foreach (var (unit, magic) in units.SelectMany(unit => unit.Code.Magics.Select(magic => (unit, magic))))
        {
            if (Magic.RunFile(magic.Text) is not { } given || unit.MayFail || given.IndexOfAny(['$', '{']) >= 0)
            {
                continue;
            }

            var file = Path.GetExtension(given).Length > 0 ? given : given + ".py";
            var isData = file.StartsWith("data/", StringComparison.Ordinal);
            if (isData ? data?.Has(file.Substring(5)) != false : written.Contains(file)
                || units.Any(one => one.Code.Magics.Any(other => other != magic && Magic.MayMakeFiles(other.Text))))
            {
                continue;
            }

            var isThere = !isData && File.Exists(Path.Combine(folder, file));
            add(unit, magic.Line, FindingSeverity.Error, isThere ? "LocalModule" : "LocalModuleMissing",
                isThere ? $"{file} is beside the notebook, but a job gets only the notebook and the data."
                    : isData ? $"{file} is not in the data." : $"{file} is not beside the notebook, and a job would not get it either.",
                isThere && data?.Has(file) != true ? $"Send {file} with the data, and write: %run data/{file}"
                    : isThere ? $"{file} is in the data, too: write %run data/{file}"
                    : "Correct the path, or put the file into the folder that you send, and run it from data.");
        }
    }

    private void CheckColab()
    {
        var isColab = false;
        foreach (var use in uses.Where(use => IsColab(use.Import) && use.Import.Statement.Block?.Mentions("colab") != true))
        {
            isColab = true;
            add(use.Unit, use.Import.Line, NotebookChecker.SeverityOf(use.Certainty), "ColabImport",
                "google.colab exists only in Google Colab.",
                "Remove it. Files come with Send-TrainingData, and a job finds them in data.");
        }

        foreach (var (unit, call) in units.SelectMany(unit => unit.Code.Calls().Select(call => (unit, call))))
        {
            if (isColab && call.Function == "drive.mount" && call.Statement.Block?.Mentions("colab") != true)
            {
                add(unit, call.Line, NotebookChecker.SeverityOf(call.Statement.CertaintyOf()), "ColabDrive",
                    "Google Drive can be mounted only in Google Colab.",
                    "Download the files, and send them with Send-TrainingData; its -Uri takes shared links. A job finds them in data.");
            }
        }
    }

    /// <summary>Reports what the notebook installs, and returns it; null if nobody can say what that is.</summary>
    private NotebookEnvironment? CheckInstallations()
    {
        var packages = new List<string>();
        var isComplete = true;
        foreach (var (unit, magic) in units.SelectMany(unit => unit.Code.Magics.Select(magic => (unit, magic))))
        {
            if (Magic.Installation(magic.Text) is not { } installation)
            {
                isComplete &= !Magic.MayMakeFiles(magic.Text) || magic.Text.IndexOf("install", StringComparison.Ordinal) < 0;
                continue;
            }

            var given = EnvironmentFile.Of(installation.Words.Where(word => word is not ("-q" or "-U" or "-y" or "-qq"))
                .Select(word => word.Trim('"', '\'')));
            isComplete &= given.IsComplete && given.Packages.All(package => package.IndexOfAny(['$', '{']) < 0);
            packages.AddRange(given.Packages);
            var names = string.Join(", ", given.Packages);
            add(unit, magic.Line, FindingSeverity.Information, "InstallInNotebook",
                $"This installs {(names.Length > 0 ? names : "packages")} each time the notebook runs, while the instance costs money.",
                names.Length == 0 ? "Install them once, with the stack."
                    : $"Install once, with the stack: {string.Join(", ", given.Packages.Select(Conda).Distinct(StringComparer.Ordinal))}");
        }

        return isComplete ? NotebookEnvironment.Of(new EnvironmentFile(packages, IsComplete: true), "the notebook") : null;
    }

    private static string Conda(string package) => ImportNames.CondaOf(package) ?? package;

    private bool IsLocal(string top) => File.Exists(Path.Combine(folder, top + ".py"))
        || File.Exists(Path.Combine(folder, top, "__init__.py"))
        || (Directory.Exists(Path.Combine(folder, top)) && Directory.EnumerateFiles(Path.Combine(folder, top), "*.py").Any());

    private static bool IsColab(PythonImport import) => import.Module == "google.colab"
        || import.Module.StartsWith("google.colab.", StringComparison.Ordinal)
        || (import.Module == "google" && import.Names.Contains("colab", StringComparer.Ordinal));

    /// <summary>Whether modules may come from other folders.</summary>
    private static bool ChangesPath(NotebookUnit unit) =>
        unit.Code.Statements.Any(statement => statement.Tokens.Where((token, i) => token.IsName("path") && i > 1
            && statement.Tokens[i - 1].Is('.') && statement.Tokens[i - 2].IsName("sys")).Any())
        || unit.Code.Calls().Any(call => call.Function is "os.chdir" or "chdir" or "site.addsitedir")
        || unit.Code.Magics.Any(magic => Magic.RunFile(magic.Text) is null && Magic.MayMakeFiles(magic.Text));

    private sealed record Use(NotebookUnit Unit, PythonImport Import, Certainty Certainty)
    {
        public string Top => Import.Module.Split('.')[0];

        /// <summary>The full name: of <c>from google.cloud import storage</c>, the last part tells the package.</summary>
        public string FullName => Import.Names.Select(name => $"{Import.Module}.{name}")
            .FirstOrDefault(name => ImportNames.Knows(name) && !ImportNames.Knows(Import.Module)) ?? Import.Module;

        /// <summary>The part of the name that tells its package.</summary>
        public string Module => ImportNames.Knows(FullName) ? ImportNames.Of(FullName).Module : Top;
    }
}
