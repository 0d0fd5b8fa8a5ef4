using System.Text.Json;
using System.Text.RegularExpressions;
using SpotTrainer.Foundation;
using SpotTrainer.Notebooks;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Notebooks;

/// <summary>What is found in notebooks before money is spent, and what is not: a false alarm is the worst fault.</summary>
public sealed class NotebookCheckerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly RecordingLog log = new();

    public NotebookCheckerTests()
    {
        Directory.CreateDirectory(folder["data/titanic"]);
        folder.Write("data/train.csv", "x");
        folder.Write("data/Labels.csv", "x");
        folder.Write("data/titanic/test.csv", "x");
        folder.Write("helper.py", "x = 1");
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("import lightgbm", "ImportMissing Error: The module lightgbm is missing in -Package. Add the package lightgbm.")]
    [InlineData("import cv2", "ImportMissing Error: The module cv2 is missing in -Package. Add the package opencv (opencv-python in pip).")]
    [InlineData("from PIL import Image", "")]
    [InlineData("import numpy, scipy.sparse, dateutil.parser", "")]
    [InlineData("from sklearn.svm import SVC", "")]
    [InlineData("import os, tomllib, _thread, distutils, IPython", "")]
    [InlineData("try:\n    import lightgbm\nexcept ImportError:\n    lightgbm = None", "")]
    [InlineData(
        "if gpu:\n    import torch",
        "ImportMissing Warning: The module torch is missing in -Package. Add the package pytorch (torch in pip).")]
    [InlineData(
        "import somemodule",
        "ImportMissing Warning: No package in -Package is known to have the module somemodule. "
            + "Add the package that has it, which may be somemodule. A file of your own would have to be beside the notebook.")]
    [InlineData(
        "from google.cloud import storage",
        "ImportMissing Error: The module google.cloud.storage is missing in -Package. Add the package google-cloud-storage.")]
    public async Task An_import_is_judged_against_the_packages(string source, string expected) =>
        Assert.Equal(expected, await FindAsync(source, "scikit-learn", "pandas=2.1", "conda-forge::matplotlib>=3"));

    [Fact]
    public async Task Without_an_environment_nothing_is_said_of_imports_but_which_there_are()
    {
        Assert.Equal(string.Empty, await FindAsync("import lightgbm, cv2, somemodule"));
        Assert.Contains(
            log.Lines, line => line.Contains("It needs lightgbm, opencv (opencv-python in pip), somemodule.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_package_that_nobody_knows_may_bring_modules_along() => Assert.StartsWith(
        "ImportMissing Warning: No package in -Package", await FindAsync("import lightgbm", "my-company-stack"), StringComparison.Ordinal);

    [Theory]
    [InlineData("%pip install lightgbm\nimport lightgbm", "lightgbm")]
    [InlineData("!pip install -q opencv-python==4.8\nimport cv2", "opencv")]
    [InlineData("!{sys.executable} -m pip install \"torch>=2\"\nimport torch", "pytorch")]
    [InlineData("%conda install -y lightgbm\nimport lightgbm", "lightgbm")]
    public async Task What_a_notebook_installs_is_there_and_is_told(string source, string package)
    {
        var found = await FindAsync(source, "pandas");
        Assert.StartsWith("InstallInNotebook Information: ", found, StringComparison.Ordinal);
        Assert.EndsWith($"with the stack: {package}.", found + ".", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("!pip install -r requirements.txt\nimport lightgbm")]
    [InlineData("!pip install git+https://example.com/x\nimport lightgbm")]
    public async Task What_a_notebook_installs_from_elsewhere_may_be_anything(string source) =>
        Assert.DoesNotContain("ImportMissing", await FindAsync(source, "pandas"), StringComparison.Ordinal);

    [Theory]
    [InlineData(
        "import helper",
        "LocalModule Error: helper.py is beside the notebook, but a job gets only the notebook and the data. "
            + "Send helper.py with the data, and put 'import sys; sys.path.insert(0, \"data\")' before the import.")]
    [InlineData("import sys\nsys.path.insert(0, 'data')\nimport helper", "")]
    [InlineData(
        "%run helper.py",
        "LocalModule Error: helper.py is beside the notebook, but a job gets only the notebook and the data. "
            + "Send helper.py with the data, and write: %run data/helper.py")]
    [InlineData(
        "%run -i helper",
        "LocalModule Error: helper.py is beside the notebook, but a job gets only the notebook and the data. "
            + "Send helper.py with the data, and write: %run data/helper.py")]
    [InlineData(
        "%run other.py",
        "LocalModuleMissing Error: other.py is not beside the notebook, and a job would not get it either. "
            + "Correct the path, or put the file into the folder that you send, and run it from data.")]
    [InlineData("%run data/helper.py", "")]
    public async Task A_file_beside_the_notebook_does_not_travel(string source, string expected) =>
        Assert.Equal(expected, await FindAsync(source));

    [Fact]
    public async Task A_file_that_a_cell_writes_is_there() =>
        Assert.Equal(string.Empty, await FindAsync(["%%writefile made.py\nx = 1", "import made\n%run made.py"], data: null));

    [Theory]
    [InlineData("pd.read_csv('data/train.csv')", "")]
    [InlineData("pd.read_csv('./data/titanic/../train.csv')", "")]
    [InlineData(
        "pd.read_csv('data/none.csv')",
        "DataMissing Error: data/none.csv is not in DATA. Correct the path, or put the file there. A job sees what you send as data.")]
    [InlineData(
        "pd.read_csv('data/labels.csv')",
        "DataMissing Error: data/labels.csv is not in DATA. Write data/Labels.csv: names on the instance are case-sensitive.")]
    [InlineData(
        "pd.read_csv('train.csv')",
        "DataMissing Error: train.csv is not in the job's folder: a job gets the notebook, and what you send as data. "
            + "Write data/train.csv.")]
    [InlineData(
        "open('none.txt')",
        "DataMissing Error: none.txt is not in the job's folder: a job gets the notebook, and what you send as data. "
            + "Send it with Send-TrainingData, and write data/none.txt.")]
    [InlineData(
        "if x:\n    pd.read_csv('train.csv')",
        "DataMissing Warning: train.csv is not in the job's folder: a job gets the notebook, and what you send as data. "
            + "Write data/train.csv.")]
    [InlineData(
        "open('../data/train.csv')",
        "ParentPath Error: ../data/train.csv is outside of the job's folder, where nothing of yours is. Write data/train.csv.")]
    [InlineData(
        "open('../input/titanic/test.csv')",
        "KagglePath Error: ../input/titanic/test.csv is where Kaggle has its data. A job has it in data. Write data/titanic/test.csv.")]
    [InlineData("D = '/kaggle/input/titanic'", "KagglePath Error: /kaggle/input/titanic exists only on Kaggle. Write data/titanic.")]
    [InlineData(
        "x.to_csv('/kaggle/working/s.csv')",
        "KagglePath Error: /kaggle/working/s.csv exists only on Kaggle. "
            + "Write to a name without a folder: Receive-TrainingResult fetches it.")]
    [InlineData(
        "pd.read_csv(r'C:\\Users\\me\\train.csv')",
        "WindowsPath Error: C:\\Users\\me\\train.csv is a path on Windows. Jobs run on Linux. Write data/train.csv.")]
    [InlineData(
        "pd.read_csv('data\\\\train.csv')",
        "WindowsPath Error: data\\train.csv has backslashes, which are no separators on Linux. Write data/train.csv.")]
    [InlineData(
        "pd.read_csv('/home/me/train.csv')",
        "AbsolutePath Error: /home/me/train.csv is not on the instance. Write data/train.csv.")]
    [InlineData(
        "np.load('/Users/me/a.npy')",
        "AbsolutePath Error: /Users/me/a.npy is not on the instance. It is not in DATA either: put it there, and read it from data.")]
    [InlineData(
        "np.load('/mnt/a.npy')",
        "AbsolutePath Warning: /mnt/a.npy is on the instance only if you put it there. "
            + "It is not in DATA either: put it there, and read it from data.")]
    [InlineData(
        "open(os.path.expanduser('~/out/m.bin'), 'w')",
        "OutputElsewhere Warning: ~/out/m.bin is outside of the job's folder. Receive-TrainingResult does not fetch it. "
            + "Write to a relative path, such as m.bin.")]
    [InlineData(
        "df.to_csv('/home/me/out.csv')",
        "OutputElsewhere Error: /home/me/out.csv is outside of the job's folder. Receive-TrainingResult does not fetch it. "
            + "Write to a relative path, such as out.csv.")]
    [InlineData(
        "D = r'C:\\Users\\me\\x'",
        "WindowsPath Warning: C:\\Users\\me\\x is a path on Windows. Jobs run on Linux. "
            + "It is not in DATA either: put it there, and read it from data.")]
    [InlineData(
        "d = '/content/drive/MyDrive/x'",
        "ColabPath Error: /content/drive/MyDrive/x exists only in Google Colab. "
            + "It is not in DATA either: put it there, and read it from data.")]
    public async Task A_path_is_judged_as_a_job_sees_it(string source, string expected) =>
        Assert.Equal(expected, (await FindAsync([source], folder["data"])).Replace(folder["data"], "DATA", StringComparison.Ordinal));

    [Theory]
    [InlineData("open('made.txt', 'w').write('x')\nopen('made.txt').read()")]
    [InlineData("df.to_csv('out/made.csv')\npd.read_csv('out/made.csv')")]
    [InlineData("if os.path.exists('m.pkl'):\n    joblib.load('m.pkl')")]
    [InlineData("try:\n    open('m.pkl')\nexcept FileNotFoundError:\n    pass")]
    [InlineData("!wget https://example.com/x.zip\npd.read_csv('x.csv')")]
    [InlineData("%%bash\ntar xf x.tgz")]
    [InlineData("subprocess.run(['make'])\nopen('x.txt')")]
    [InlineData("open(name, 'w')\nopen('x.txt')")]
    [InlineData("pd.read_csv('https://example.com/x.csv')\npd.read_csv('s3://b/x.csv')\npd.read_parquet('gs://b/x')")]
    [InlineData("pd.read_json('[1, 2]')\npd.read_csv(io.StringIO('a,b'))\npd.read_csv(f'{d}/x.csv')\npd.read_csv(path)")]
    [InlineData("open('/proc/meminfo')\nopen('/etc/hostname')\nos.listdir('.')\nos.listdir('/tmp')")]
    [InlineData("open('x.txt', mode)\nopen('y.txt', mode='w')\nopen('z.txt', 'ab')")]
    [InlineData("'''open('none.csv') and /kaggle/input'''\n# open('none.csv')")]
    [InlineData("re.compile(r'a:\\s')\nre.match(r'C:\\d+', x)\nprint('../other')")]
    [InlineData("model.load('x')\nself.open('x')\nyaml.load('a: 1')\nfiles.open('x')")]
    [InlineData("if 'google.colab' in sys.modules:\n    from google.colab import drive\n    drive.mount('/content/drive')")]
    [InlineData("def ask(input):\n    return input(3)")]
    [InlineData("input = tf.keras.Input(3)\nx = input(4)")]
    [InlineData("model.input(3)\nclass A:\n    def input(self): pass")]
    [InlineData("print('a')\nprint\nprint >> f\nprint.x\nprint, 3\nx = print if y else z")]
    [InlineData("try:\n    x = input()\nexcept EOFError:\n    x = 1")]
    public async Task What_does_no_harm_is_not_reported(string source) => Assert.Equal(string.Empty, await FindAsync(source));

    [Theory]
    [InlineData("name = input('?')", "InputNeeded Error")]
    [InlineData("def f():\n    return input('?')", "InputNeeded Warning")]
    [InlineData("import getpass\nk = getpass.getpass()", "InputNeeded Error")]
    [InlineData("from google.colab import drive", "ColabImport Error")]
    [InlineData("from google import colab", "ColabImport Error")]
    [InlineData("from google.colab import drive; drive.mount('/content/drive')", "ColabImport Error")]
    [InlineData("print 'x'", "Python2Syntax Error")]
    [InlineData("if x: print y", "Python2Syntax Error")]
    [InlineData("<<<<<<< HEAD\nx = 1", "NotebookConflict Error")]
    public async Task What_fails_in_a_job_is_reported(string source, string start) =>
        Assert.StartsWith(start, await FindAsync(source), StringComparison.Ordinal);

    [Fact]
    public async Task A_finding_names_the_cell_that_jobs_report_the_line_and_its_text()
    {
        var path = Notebook("", "x = 1", "a = 2\n  # two\nname = input('?')");
        var finding = Assert.Single(await CheckAsync(path, new NotebookCheckRequest()));
        Assert.Equal((path, 2, 3, "name = input('?')"), (finding.Path, finding.Cell, finding.Line, finding.Text));
    }

    [Fact]
    public async Task Cells_that_are_skipped_or_may_fail_are_not_judged()
    {
        string[] tags = ["skip-execution", "raises-exception"];
        var path = folder.Write("tags.ipynb", JsonSerializer.Serialize(new
        {
            cells = tags.Select(
                tag => new { cell_type = "code", metadata = new { tags = new[] { tag } }, source = "input()\nopen('none.csv')" }),
            metadata = new { },
            nbformat = 4,
        }));
        Assert.Empty(await CheckAsync(path, new NotebookCheckRequest()));
    }

    [Fact]
    public async Task A_script_is_checked_as_well()
    {
        var path = folder.Write("job.py", "import sys\nx = 5\n%3\nname = input()\n");
        var finding = Assert.Single(await CheckAsync(path, new NotebookCheckRequest()));
        Assert.Equal(("InputNeeded", null, 4), (finding.Id, finding.Cell, finding.Line));
    }

    [Theory]
    [InlineData("", "NotebookEmpty")]
    [InlineData("<html>", "NotebookHtml")]
    [InlineData("""{"worksheets": [], "metadata": {}, "nbformat": 3}""", "NotebookOutdated")]
    [InlineData("""{"cells": [], "metadata": {"kernelspec": {"name": "ir", "language": "R"}}, "nbformat": 4}""", "NotebookLanguage")]
    [InlineData("""{"cells": [], "metadata": {}, "nbformat": 5}""", "NotebookNewer")]
    public async Task A_file_that_cannot_run_is_a_finding(string text, string id)
    {
        var finding = Assert.Single(await CheckAsync(folder.Write("a.ipynb", text), new NotebookCheckRequest()));
        Assert.Equal((id, null, null), (finding.Id, finding.Cell, finding.Line));
        Assert.NotEmpty(finding.Advice);
        Assert.DoesNotContain(folder.Path, finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stack_is_asked_for_modules_and_kernels()
    {
        IReadOnlyCollection<string> asked = [];
        var request = new NotebookCheckRequest
        {
            Ask = (modules, _) =>
            {
                asked = modules;
                var facts = new StackFacts(["imp", "lightgbm"], ["ir"]);
                return Task.FromResult(NotebookEnvironment.Of(facts, "the stack of demo", further: null));
            },
        };
        var found = await CheckAsync(Notebook("import imp, os, numpy.linalg\nimport lightgbm"), request);
        Assert.Equal(["imp", "os", "numpy", "lightgbm"], asked);
        Assert.Equal(["The module imp is missing in the stack of demo.", "The module lightgbm is missing in the stack of demo."],
            found.Select(finding => finding.Message));
        Assert.Contains("Python no longer has it", found[0].Advice, StringComparison.Ordinal);
        Assert.Empty(await CheckAsync(folder.Write(
            "r.ipynb", """{"cells": [], "metadata": {"kernelspec": {"name": "ir", "language": "R"}}, "nbformat": 4}"""), request));
    }

    [Fact]
    public async Task Whatever_a_notebook_says_the_check_ends()
    {
        var random = new Random(20260802);
        const string letters = "abf'\"\\{}()[]:;,.=%!?#\n\t 0/~$-é\0";
        string[] words =
            ["import ", "open(", "'data/x'", "pd.read_csv(", "!pip install ", "%run ", "from ", "input(", "'C:\\\\ab'", "%%bash", "!", "%"];
        var environment = NotebookEnvironment.Of(EnvironmentFile.Of(["pandas"]), "-Package");
        for (var i = 0; i < 300; i++)
        {
            var source = string.Concat(Enumerable.Range(0, random.Next(30)).Select(
                _ => random.Next(2) == 0 ? words[random.Next(words.Length)] : letters[random.Next(letters.Length)].ToString()));
            var found = await CheckAsync(Notebook(source), new NotebookCheckRequest
            {
                Environment = environment, Data = new DataFolder([folder["data"]]),
            });
            Assert.All(found, finding => Assert.True(TerminalText.IsPlain(finding.Message + finding.Advice + finding.Text)));
        }
    }

    [Fact]
    public void Every_kind_of_finding_stands_on_the_page()
    {
        var page = File.ReadAllText(Path.Combine(BuildFacts.Root, "docs/en-US/Test-TrainingNotebook.md"));
        var sources = Directory.EnumerateFiles(Path.Combine(BuildFacts.Root, "src/SpotTrainer/Notebooks"), "*.cs").Select(File.ReadAllText);
        var ids = sources.SelectMany(source => Regex.Matches(
                source, @"(everity|\)|FindingSeverity\.\w+),\s*(isThere \? )?""(?<id>[A-Z]\w+)""( : ""(?<id>\w+)"")?,",
                RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)))
            .SelectMany(match => match.Groups["id"].Captures.Select(capture => capture.Value)).ToHashSet(StringComparer.Ordinal);
        Assert.Superset(
            new HashSet<string>(["ImportMissing", "LocalModule", "LocalModuleMissing", "WindowsPath", "InputNeeded", "NotebookNewer"],
                StringComparer.Ordinal), ids);
        Assert.All(ids, id => Assert.Contains($"`{id}`", page, StringComparison.Ordinal));
    }

    private async Task<string> FindAsync(string source, params string[] packages)
    {
        var environment = packages.Length > 0 ? NotebookEnvironment.Of(EnvironmentFile.Of(packages), "-Package") : null;
        return Text(await CheckAsync(Notebook(source), new NotebookCheckRequest { Environment = environment }));
    }

    private async Task<string> FindAsync(string[] cells, string? data) => Text(await CheckAsync(
        Notebook(cells), new NotebookCheckRequest { Data = data is null ? null : new DataFolder([data]) }));

    private Task<IReadOnlyList<NotebookFinding>> CheckAsync(string path, NotebookCheckRequest request) =>
        NotebookChecker.CheckAsync(path, request, log, Stop);

    private static string Text(IEnumerable<NotebookFinding> findings) =>
        string.Join('\n', findings.Select(finding => $"{finding.Id} {finding.Severity}: {finding.Message} {finding.Advice}"));

    private string Notebook(params string[] cells) => folder.Write("a.ipynb", JsonSerializer.Serialize(new
    {
        cells = cells.Select(source => new { cell_type = "code", metadata = new { }, source, outputs = Array.Empty<object>() }),
        metadata = new { kernelspec = new { name = "python3", display_name = "Python 3" } },
        nbformat = 4,
        nbformat_minor = 4,
    }));
}
