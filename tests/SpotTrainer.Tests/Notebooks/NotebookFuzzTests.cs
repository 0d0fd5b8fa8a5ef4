using System.Globalization;
using System.Text;
using System.Text.Json;
using SpotTrainer.Foundation;
using SpotTrainer.Notebooks;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Notebooks;

/// <summary>
/// Damaged and unusual notebooks. Python's nbformat, which reads them on hosts, judges. SPOTTRAINER_FULL=1 tries many more.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class NotebookFuzzTests : IDisposable
{
    /// <summary>Says of each file whether a job could run it, and what its cells are.</summary>
    private const string Judge = """
        import json, sys, warnings
        import nbformat
        warnings.simplefilter('ignore')
        for name in sys.stdin.read().split('\n'):
            try:
                with open(name, encoding='utf-8-sig') as stream:
                    notebook = nbformat.reads(stream.read(), as_version=4)
                if json.load(open(name, encoding='utf-8-sig'))['nbformat'] != 4 or not isinstance(notebook.cells, list):
                    raise ValueError('another format, or no list of cells')
                cells = [[cell.cell_type, cell.get('source', '')] for cell in notebook.cells]
                for cell in notebook.cells:
                    if cell.cell_type == 'code':
                        cell.source.strip()
                print(json.dumps([[text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace') for text in cell] for cell in cells]))
            except AssertionError:
                # nbformat fails at its own message about a cell of an unknown type.
                print('"unclear"')
            except Exception as error:
                print('null')
                print(name, repr(error)[:500], file=sys.stderr)
        """;

    private static readonly int Rounds = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 5_000 : 300;

    private static readonly string[] Values =
    [
        "null", "true", "NaN", "-Infinity", "0", "-0", "1.5e3", "1e999", "01", "1.", "+1", "\"\"", "\"a\\u0000b\"", "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"", "\"\\x\"", "\"\t\"", "[]", "{}", "[1,]", "{\"a\":1}", "{\"a\":{\"b\":[1,{\"c\":[]}]}}", "[[[[]]],{}]", "'a'", "tru",
        "\"é한😀\"", "[\"a\\n\",\"b\"]", "[\"a\",1]", "12345678901234567890",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_is_read_and_what_is_refused_is_what_nbformat_says()
    {
        var random = new Random(20260730);
        var paths = Enumerable.Range(0, Rounds).Select(i =>
        {
            var path = folder[string.Create(CultureInfo.InvariantCulture, $"{i}.ipynb")];
            File.WriteAllBytes(path, random.Next(3) == 0 ? Damage(random, Make(random)) : Encoding.UTF8.GetBytes(Make(random)));
            return path;
        }).ToArray();
        var result = await Programs.RunAsync(["/usr/bin/python3", "-c", Judge], string.Join('\n', paths));
        var judged = result.Succeeded().Trim().Split('\n');
        Assert.Equal(paths.Length, judged.Length);
        var read = 0;
        for (var i = 0; i < paths.Length; i++)
        {
            if (judged[i] == "\"unclear\"")
            {
                continue;
            }

            var cells = JsonSerializer.Deserialize<string[][]>(judged[i]);
            TrainingNotebook? notebook = null;
            try
            {
                notebook = NotebookReader.Read(paths[i]) is { Format.Major: 4 } current ? current : null;
            }
            catch (SpotTrainerException)
            {
                // nbformat must refuse it, too.
            }

            // Of outputs only the size is read, so a fault in them goes unseen.
            var said = Array.Find(result.Error.Split('\n'), line => line.StartsWith(paths[i], StringComparison.Ordinal));
            Assert.True(
                (cells is null) == (notebook is null) || (cells is null && notebook!.OutputCount > 0),
                $"{await File.ReadAllTextAsync(paths[i], TestContext.Current.CancellationToken)}\n{said}");
            if (cells is not null)
            {
                Assert.Equal(
                    cells.Select(cell => (TerminalText.Line(cell[0]), cell[1])),
                    notebook!.Cells.Select(cell => (Whole(cell.Type), Whole(cell.Text))));
                read++;
            }
        }

        // Both kinds were there.
        Assert.InRange(read, Rounds / 10, Rounds * 9 / 10);
    }

    /// <summary>Replaces what is half of a surrogate pair, as the judge does.</summary>
    private static string Whole(string text) => Encoding.Unicode.GetString(Encoding.Unicode.GetBytes(text));

    private static string Make(Random random)
    {
        string Value() => Values[random.Next(Values.Length)];
        string Space() => new[] { "", "", " ", "\n", "\r\n\t" }[random.Next(5)];
        string Member(string name, string value) => $"{Space()}\"{name}\"{Space()}:{Space()}{value}{Space()}";
        string Cell()
        {
            var type = random.Next(12) == 0 ? Value() : random.Next(3) == 0 ? "\"markdown\"" : "\"code\"";
            List<string> members = [Member("cell_type", type)];
            if (random.Next(12) > 0)
            {
                var source = random.Next(8) switch { 0 => Value(), < 4 => "[\"a = 1\\n\", \"b\"]", _ => "\"x = '\\u00e9'\"" };
                members.Add(Member("source", source));
            }

            members.Add(Member("metadata", random.Next(10) == 0 ? "{\"tags\": [\"x\"]}" : "{}"));
            members.Add(Member("outputs", random.Next(6) == 0 ? $"[{{\"output_type\": \"stream\", \"text\": {Value()}}}]" : "[]"));
            members.Add(Member("execution_count", random.Next(10) == 0 ? Value() : "null"));
            return $"{{{string.Join(',', members)}}}";
        }

        var cells = string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(25) == 0 ? Value() : Cell()));
        List<string> parts =
        [
            Member("cells", random.Next(20) == 0 ? Value() : $"[{cells}]"),
            Member("metadata", random.Next(5) == 0 ? $"{{\"a\": {Value()}}}" : "{\"kernelspec\": {\"name\": \"python3\"}}"),
            Member("nbformat", random.Next(20) == 0 ? Value() : "4"),
            Member("nbformat_minor", random.Next(20) == 0 ? "4.0" : "4"),
        ];
        if (random.Next(10) == 0)
        {
            parts.Add(Member("cells", "[]"));
        }

        var (mark, rest) = (random.Next(10) == 0 ? "\ufeff" : string.Empty, random.Next(30) == 0 ? "x" : string.Empty);
        return $"{mark}{{{string.Join(',', parts)}}}{rest}";
    }

    private static byte[] Damage(Random random, string text)
    {
        var content = Encoding.UTF8.GetBytes(text).ToList();
        var at = random.Next(content.Count);
        switch (random.Next(4))
        {
            case 0:
                content.RemoveRange(at, content.Count - at);
                break;
            case 1:
                content[at] = (byte)random.Next(1, 256);
                break;
            case 2:
                content.RemoveAt(at);
                break;
            default:
                content.InsertRange(at, content.Take(random.Next(1, 20)).ToArray());
                break;
        }

        return [.. content];
    }
}
