using System.Globalization;
using System.Text;
using System.Text.Json;
using SpotTrainer.Notebooks;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Notebooks;

/// <summary>Imports, calls, and strings of Python. Python's own ast judges, on generated code and on the files of its library.</summary>
public sealed class PythonCodeTests : IDisposable
{
    /// <summary>
    /// For each file: its imports, and its calls whose first argument is a string, each with the line; null if Python cannot parse it.
    /// </summary>
    private const string Judge = """
        import ast, json, sys, warnings
        warnings.simplefilter('ignore')

        def dotted(node):
            if isinstance(node, ast.Name):
                return node.id
            return f'{dotted(node.value)}.{node.attr}' if isinstance(node, ast.Attribute) else ''

        def plain(text):
            return text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')

        for name in sys.stdin.read().split('\n'):
            try:
                with open(name, encoding='utf-8', newline='') as stream:
                    tree = ast.parse(stream.read())
            except (SyntaxError, ValueError, RecursionError):
                print('null')
                continue
            imports, calls = [], []
            inside = {id(child) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for child in ast.walk(node)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    imports += [f'{node.lineno} {name.name}' for name in node.names]
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    imports.append(f'{node.lineno} {node.module}: {" ".join(name.name for name in node.names if name.name != "*")}')
                elif isinstance(node, ast.Call) and node.args and id(node) not in inside and dotted(node.func).strip('.'):
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str) and len(first.value) < 200:
                        calls.append([dotted(node.func), plain(first.value)])
            print(json.dumps([sorted(imports), sorted(calls)]))
        """;

    private static readonly bool IsFull = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1";

    private static readonly int Rounds = IsFull ? 3_000 : 200;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task Imports_of_generated_code_are_those_that_Python_sees()
    {
        var random = new Random(20260731);
        var paths = Enumerable.Range(0, Rounds).Select(
            i => folder.Write(string.Create(CultureInfo.InvariantCulture, $"{i}.py"), Make(random))).ToArray();
        Assert.InRange(await CompareAsync(paths), Rounds * 9 / 10, Rounds);
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task Imports_and_calls_of_the_standard_library_are_those_that_Python_sees()
    {
        var library = (await Programs.RunAsync("/usr/bin/python3", "-c", "import os; print(os.path.dirname(os.__file__))"))
            .Succeeded().Trim();
        var options = new EnumerationOptions { RecurseSubdirectories = IsFull, IgnoreInaccessible = true };
        string[] folders = IsFull ? [library, "/usr/lib/python3/dist-packages"] : [library];
        var paths = folders.SelectMany(one => Directory.EnumerateFiles(one, "*.py", options)).Order(StringComparer.Ordinal).ToArray();
        Assert.True(await CompareAsync(paths) > 100);
    }

    [Theory]
    [InlineData("import a", nameof(Certainty.Certain))]
    [InlineData("if x:\n    import a", nameof(Certainty.Conditional))]
    [InlineData("if x: import a", nameof(Certainty.Conditional))]
    [InlineData("def f():\n    import a", nameof(Certainty.Conditional))]
    [InlineData("async def f():\n  import a", nameof(Certainty.Conditional))]
    [InlineData("if __name__ == '__main__':\n    import a", nameof(Certainty.Certain))]
    [InlineData("with x:\n    import a", nameof(Certainty.Certain))]
    [InlineData("for i in x:\n    import a", nameof(Certainty.Certain))]
    [InlineData("class A:\n    import a", nameof(Certainty.Certain))]
    [InlineData("try:\n    import a\nexcept ImportError:\n    pass", nameof(Certainty.Guarded))]
    [InlineData("try: import a\nexcept (ValueError, ModuleNotFoundError) as e: pass", nameof(Certainty.Guarded))]
    [InlineData("try:\n    import a\nexcept:\n    pass", nameof(Certainty.Guarded))]
    [InlineData("try:\n    if y:\n        import a\nexcept Exception as e:\n    pass", nameof(Certainty.Guarded))]
    [InlineData("try:\n    import a\nexcept KeyError:\n    pass", nameof(Certainty.Certain))]
    [InlineData("try:\n    import a\nfinally:\n    pass", nameof(Certainty.Certain))]
    [InlineData("try:\n    x()\nexcept ImportError:\n    import a", nameof(Certainty.Conditional))]
    [InlineData("try:\n    x()\nexcept ImportError:\n    pass\nimport a", nameof(Certainty.Certain))]
    [InlineData("with contextlib.suppress(ImportError):\n    import a", nameof(Certainty.Guarded))]
    [InlineData("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a", nameof(Certainty.Never))]
    [InlineData("if False:\n    import a", nameof(Certainty.Never))]
    public void How_sure_it_is_that_a_statement_fails_depends_on_what_is_around(string source, string certainty) => Assert.Equal(
        certainty,
        Assert.Single(PythonCode.Read(source, isNotebook: false).Imports(), import => import.Module == "a").Statement
            .CertaintyOf("ImportError", "ModuleNotFoundError").ToString());

    [Theory]
    [InlineData("%matplotlib inline\nimport a", "a")]
    [InlineData("!pip install b && import c\nimport a", "a")]
    [InlineData("files = !ls\nimport a", "a")]
    [InlineData("x = %sql import b\nimport a", "a")]
    [InlineData("import?\nimport a", "a")]
    [InlineData("a??\nimport a", "a")]
    [InlineData("?import b\nimport a", "a")]
    [InlineData("!echo \\\nimport b\nimport a", "a")]
    [InlineData("%%time\nimport a", "a")]
    [InlineData("\n\n%%capture out\nimport a", "a")]
    [InlineData("%time import a", "a")]
    [InlineData("%%bash\nimport a", "")]
    [InlineData("%%writefile a.py\nimport a", "")]
    [InlineData("%%javascript\nimport a", "")]
    [InlineData("x = (5\n%3)\nimport a", "a")]
    [InlineData("x = 5 \\\n%3\nimport a", "a")]
    [InlineData("x != 3\nimport a", "a")]
    [InlineData("'''\nimport b\n'''\nimport a", "a")]
    [InlineData("# import b\nimport a  # import c", "a")]
    [InlineData("if x:\n    !ls\n    import a", "a")]
    public void What_IPython_handles_is_no_Python(string source, string modules) => Assert.Equal(
        modules, string.Join(' ', PythonCode.Read(source, isNotebook: true).Imports().Select(import => import.Module)));

    [Theory]
    [InlineData("'C:\\\\data'", @"C:\data")]
    [InlineData("r'C:\\data'", @"C:\data")]
    [InlineData("'a' # 'b'", "a")]
    [InlineData("\"a'b\"", "a'b")]
    [InlineData("'''a\nb'''", "a\nb")]
    [InlineData("'\\x41\\u0042'", "AB")]
    public void A_string_has_its_value(string text, string value) => Assert.Equal(
        value, Assert.Single(PythonScanner.Read(text, isNotebook: false), token => token.Kind == PythonTokenKind.Literal).Text);

    [Theory]
    [InlineData("f'{x}'")]
    [InlineData("b'x'")]
    [InlineData("f\"{d[\"k\"]}\"")]
    [InlineData("rf'''{x!r:>{w}}'''")]
    public void A_string_that_only_the_run_knows_has_none(string text)
    {
        var tokens = PythonScanner.Read(text + "\nimport a", isNotebook: false);
        Assert.Equal(PythonTokenKind.OtherText, tokens[0].Kind);
        Assert.Equal("import", tokens[2].Text);
    }

    /// <summary>Text of any kind neither throws nor takes longer the more of it there is.</summary>
    [Fact]
    public void Any_text_is_split()
    {
        var random = new Random(20260801);
        const string letters = "abf'\"\\{}()[]:;,.=%!?#\n\r\t 09_é😀\0";
        for (var i = 0; i < Rounds * 10; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => letters[random.Next(letters.Length)]));
            var code = PythonCode.Read(text, isNotebook: i % 2 == 0);
            Assert.All(code.Statements, statement => Assert.NotEmpty(statement.Tokens));
            _ = code.Imports().Count() + code.Calls().Count();
        }

        foreach (var start in new[] { "f'{", "(", "f'''{f\"{", "try:\n ", "'", "%", "a.", "x(" })
        {
            var code = PythonCode.Read(string.Concat(Enumerable.Repeat(start, 20_000)), isNotebook: true);
            _ = code.Imports().Count();
        }
    }

    private static async Task<int> CompareAsync(string[] paths)
    {
        var output = (await Programs.RunAsync(["/usr/bin/python3", "-c", Judge], string.Join('\n', paths))).Succeeded();
        var judged = output.Trim().Split('\n');
        Assert.Equal(paths.Length, judged.Length);
        var compared = 0;
        for (var i = 0; i < paths.Length; i++)
        {
            if (judged[i] == "null")
            {
                continue;
            }

            using var expected = JsonDocument.Parse(judged[i]);
            var source = await File.ReadAllTextAsync(paths[i], TestContext.Current.CancellationToken);
            var code = PythonCode.Read(source, isNotebook: false);
            var imports = code.Imports().Select(import => import.Names.Count == 0 && import.Statement.Tokens[0].Text == "import"
                ? string.Create(CultureInfo.InvariantCulture, $"{import.Line} {import.Module}")
                : string.Create(CultureInfo.InvariantCulture, $"{import.Line} {import.Module}: {string.Join(' ', import.Names)}"));
            Assert.True(
                expected.RootElement[0].EnumerateArray().Select(one => one.GetString()).Order(StringComparer.Ordinal)
                    .SequenceEqual(imports.Order(StringComparer.Ordinal)), $"{paths[i]}\n{judged[i]}\n{string.Join("\n", imports)}");

            // A name that our calls have, because a call on a result has no name of its own for Python.
            var calls = code.Calls().Where(call => call.Arguments.Count > 0 && call.Arguments[0] is { Name: null, Literal: not null })
                .Select(call => $"{call.Function} {Whole(call.Arguments[0].Literal!.Text)}").ToHashSet(StringComparer.Ordinal);
            var missing = expected.RootElement[1].EnumerateArray().Select(one => $"{one[0].GetString()} {one[1].GetString()}")
                .Where(one => !calls.Contains(one)).ToArray();

            // Names of characters are not looked up: no path has them.
            missing = source.Contains("\\N{", StringComparison.Ordinal) ? [] : missing;
            Assert.True(missing.Length == 0, $"{paths[i]}: {string.Join("\n", missing.Take(5))}");
            compared++;
        }

        return compared;
    }

    private static string Whole(string text) => Encoding.Unicode.GetString(Encoding.Unicode.GetBytes(text));

    /// <summary>Writes Python with imports in all places, among strings and comments in which imports stand, too.</summary>
    private static string Make(Random random)
    {
        var text = new StringBuilder();
        string Pick(params string[] values) => values[random.Next(values.Length)];
        string Module() => Pick("os", "numpy", "a.b", "sklearn.linear_model", "google.colab", "_x", "é", "importlib", "from_x");
        string Import() => Pick(
            $"import {Module()}", $"import {Module()} as x, {Module()}", $"from {Module()} import x",
            $"from {Module()} import (x, y as z,)",
            $"from {Module()} import (\n    x,  # import no\n  y\n)", $"from {Module()} import *", "from . import x", "from .x import y",
            $"import {Module()}; import {Module()}", $"import \\\n    {Module()}", $"x = 1; from {Module()} import y");
        string Other() => Pick(
            "x = 'import no'", "y = \"\"\"\nimport no\n\"\"\"", "# import no", "z = f'{x!r} {\"import\"}'", "x = r'\\'; y = 1",
            "w = {'a': 1}",
            "",
            "f(x, lambda a: a, b=[1, 2])", "x = (1 +\n  2)", "print('''a''' 'b', \"c\\\"d\")", "x: int = 3", "s = x[1:2]",
            "y = b'import no' + b''",
            "print(\"import no\", 'it''s')", "t = 'a\\\nimport no'", "n = 0x1f + 1e-5 + 1_000 + .5j", "x = y if y else z",
            "d = f\"{x:>{10}} {{import}}\"");
        void Block(string indent, int depth)
        {
            for (var statements = random.Next(1, 4); statements > 0; statements--)
            {
                switch (depth > 2 ? 0 : random.Next(8))
                {
                    case 0 or 1 or 2:
                        text.Append(indent).Append(Import()).Append(Pick("\n", "  # import no\n", "\r\n"));
                        break;
                    case 3 or 4:
                        text.Append(indent).Append(Other()).Append('\n');
                        break;
                    case 5:
                        text.Append(indent).Append(
                            Pick("if x:", "def f(a, b={1: 2}):", "class A:", "for i in x:", "with f(x) as y:", "while x:"));
                        text.Append('\n').Append(indent).Append("    pass\n");
                        Block(indent + "    ", depth + 1);
                        break;
                    case 6:
                        text.Append(indent).Append("if x[1:2]: ").Append(Pick("import os\n", "import os; import re\n"));
                        break;
                    default:
                        text.Append(indent).Append("try:\n");
                        Block(indent + "  ", depth + 1);
                        text.Append(indent).Append("  pass\n");
                        text.Append(indent).Append(Pick("except ImportError:\n", "except (A, B) as e:\n", "except:\n", "finally:\n"));
                        text.Append(indent).Append("  pass\n");
                        Block(indent + "  ", depth + 1);
                        break;
                }
            }
        }

        Block(string.Empty, 0);
        return text.ToString();
    }
}
