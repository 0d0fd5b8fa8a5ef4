using System.Text;
using SpotTrainer.Foundation;

namespace SpotTrainer.Notebooks;

/// <summary>
/// Reads notebooks (https://nbformat.readthedocs.io/en/latest/format_description.html) and scripts. It takes what Python's nbformat takes,
/// and says of everything else what it is. Outputs are measured, not kept.
/// </summary>
internal sealed class NotebookReader
{
    /// <summary>The most characters of all code and text. Textbooks have less than one million.</summary>
    private const int MostText = 32 * 1024 * 1024;

    /// <summary>The most cells, and the most outputs.</summary>
    private const int MostParts = 200_000;

    private const int MostNameLetters = 200;

    /// <summary>The first format that jobs run.</summary>
    internal const int First = 4;

    private const int BufferSize = 16 * 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly Dictionary<string, string> OtherScripts = new(StringComparer.OrdinalIgnoreCase)
    {
        [".r"] = "R", [".jl"] = "Julia", [".sh"] = "the shell's language", [".bash"] = "Bash", [".ps1"] = "PowerShell",
        [".rmd"] = "R Markdown", [".scala"] = "Scala",
    };

    private readonly string path;
    private readonly JsonScanner json;
    private readonly List<CellDraft> cells = [];
    private int format;
    private int minor;
    private bool hasCells;
    private bool hasMetadata;
    private int parts;
    private int letters;
    private (string Name, string DisplayName, string Language) kernel = (string.Empty, string.Empty, string.Empty);
    private (string Name, string Version) language = (string.Empty, string.Empty);

    private NotebookReader(string path, TextReader text)
    {
        this.path = path;
        json = new JsonScanner(text);
    }

    /// <summary>Whether a file is a Python script, by its name.</summary>
    public static bool IsScript(string path) => path.EndsWith(".py", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a notebook in any format.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>NotebookNotFound</c>, <c>NotebookInvalid</c>, <c>NotebookEmpty</c>, <c>NotebookHtml</c>, <c>NotebookLfsPointer</c>,
    /// <c>NotebookUtf16</c>, <c>NotebookConflict</c>, <c>NotebookCutOff</c>, <c>NotebookTooLarge</c>.
    /// </exception>
    public static TrainingNotebook Read(string path)
    {
        using var stream = Open(path);
        if (OtherScripts.TryGetValue(Path.GetExtension(path), out var other))
        {
            throw NotebookErrors.OtherScript(path, other);
        }

        RequireText(path, stream, mayBeEmpty: false);
        try
        {
            using var text = new StreamReader(stream, Strict, detectEncodingFromByteOrderMarks: false, BufferSize, leaveOpen: true);
            return new NotebookReader(path, text).Read(stream.Length);
        }
        catch (JsonSyntaxException exception)
        {
            stream.Position = 0;
            throw ConflictLine(stream) is { } line ? NotebookErrors.Conflict(path, line) : NotebookErrors.Syntax(path, exception);
        }
        catch (DecoderFallbackException)
        {
            throw NotebookErrors.NotUtf8(path);
        }
        catch (JsonTooLargeException)
        {
            throw NotebookErrors.TooLarge(path);
        }
    }

    /// <summary>
    /// Requires that a file is a script or a notebook in a format that jobs run, and returns its kernel; null for a script.
    /// </summary>
    /// <exception cref="SpotTrainerException">Those of <see cref="Read(string)"/>, <c>NotebookOutdated</c>.</exception>
    public static NotebookKernel? Require(string path)
    {
        if (IsScript(path))
        {
            ReadScript(path);
            return null;
        }

        var notebook = Read(path);
        return notebook.Format.Major >= First ? notebook.Kernel : throw NotebookErrors.Outdated(path, notebook.Format);
    }

    /// <summary>Reads a Python script.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>NotebookNotFound</c>, <c>NotebookHtml</c>, <c>NotebookLfsPointer</c>, <c>NotebookUtf16</c>, <c>NotebookTooLarge</c>.
    /// </exception>
    public static string ReadScript(string path)
    {
        using var stream = Open(path);
        RequireText(path, stream, mayBeEmpty: true);
        if (stream.Length > MostText)
        {
            throw NotebookErrors.TooLarge(path);
        }

        // Bytes that are not UTF-8 stand in strings and comments, if at all: the rest can be read.
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false);
        return reader.ReadToEnd();
    }

    private static FileStream Open(string path) => File.Exists(path)
        ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)
        : throw NotebookErrors.NotFound(path);

    /// <summary>
    /// Looks at the beginning of a file for what is often saved under a notebook's name, and reads past a byte order mark.
    /// </summary>
    private static void RequireText(string path, Stream stream, bool mayBeEmpty)
    {
        var bytes = new byte[512];
        var count = 0;
        for (var read = -1; read != 0 && count < bytes.Length; count += read)
        {
            read = stream.Read(bytes, count, bytes.Length - count);
        }

        // Latin-1, because every byte is a character in it.
        var hasMark = count >= 3 && bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf;
        var start = new string(Array.ConvertAll(bytes, one => (char)one), 0, count).Substring(hasMark ? 3 : 0);
        if (start.StartsWith("\u00ff\u00fe", StringComparison.Ordinal) || start.StartsWith("\u00fe\u00ff", StringComparison.Ordinal)
            || (start.Length > 1 && (start[0] == 0 || start[1] == 0)))
        {
            throw NotebookErrors.Utf16(path);
        }

        start = start.TrimStart();
        if (start.Length == 0 && count == stream.Length && !mayBeEmpty)
        {
            throw NotebookErrors.Empty(path);
        }

        if (start.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase)
            || start.StartsWith("<html", StringComparison.OrdinalIgnoreCase))
        {
            throw NotebookErrors.Html(path);
        }

        if (start.StartsWith("version https://git-lfs.github.com/spec/", StringComparison.Ordinal))
        {
            throw NotebookErrors.LfsPointer(path);
        }

        stream.Position = hasMark ? 3 : 0;
    }

    /// <summary>Returns the line of the first marker of a merge conflict; null if there is none.</summary>
    private static int? ConflictLine(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, BufferSize, leaveOpen: true);
        var (line, matched) = (1, 0);
        for (var letter = reader.Read(); letter >= 0; letter = reader.Read())
        {
            if (letter == '\n')
            {
                (line, matched) = (line + 1, 0);
            }
            else if (matched >= 0)
            {
                matched = letter == ConflictMarker[matched] ? matched + 1 : -1;
                if (matched == ConflictMarker.Length)
                {
                    return line;
                }
            }
        }

        return null;
    }

    /// <summary>What Git writes before the first version.</summary>
    internal const string ConflictMarker = "<<<<<<< ";

    private TrainingNotebook Read(long size)
    {
        ReadObject(ReadPart);
        json.RequireEnd();
        if (format < 1 || !hasCells || (format >= First && !hasMetadata))
        {
            throw NotebookErrors.NotNotebook(path, "it is JSON without nbformat, cells, or metadata");
        }

        if (format >= First && cells.FindIndex(cell => cell.Fault is not null) is >= 0 and var index)
        {
            throw NotebookErrors.NotNotebook(path, $"cell {index + 1} {cells[index].Fault}");
        }

        var said = cells.Find(cell => cell.Language.Length > 0)?.Language ?? language.Name;
        var number = 0;
        return new TrainingNotebook(
            path, size, new Version(format, Math.Max(0, minor)),
            NotebookKernel.Of(kernel.Name, kernel.DisplayName, kernel.Language, said, language.Version),
            cells.Select((cell, before) => cell.Make(before + 1, cell.IsRun ? ++number : null)).ToArray());
    }

    private void ReadPart(string name)
    {
        switch (name)
        {
            case "nbformat":
                format = json.ReadInteger() ?? 0;
                break;
            case "nbformat_minor":
                minor = json.ReadInteger() ?? 0;
                break;
            case "metadata":
                hasMetadata = json.Next == '{';
                (kernel, language) = ((string.Empty, string.Empty, string.Empty), (string.Empty, string.Empty));
                ReadObject(ReadMetadata);
                break;
            case "cells":
                cells.Clear();
                hasCells = json.Next == '[';
                ReadCells();
                break;
            case "worksheets":
                cells.Clear();
                hasCells = json.Next == '[';
                ReadArray(() => ReadObject(part => When(part == "cells", ReadCells)));
                break;
            default:
                json.Skip();
                break;
        }
    }

    private void ReadMetadata(string name)
    {
        if (name == "kernelspec")
        {
            kernel = (string.Empty, string.Empty, string.Empty);
            ReadObject(part =>
            {
                kernel = part switch
                {
                    "name" => kernel with { Name = ReadName() },
                    "display_name" => kernel with { DisplayName = ReadName() },
                    "language" => kernel with { Language = ReadName() },
                    _ => SkipTo(kernel),
                };
            });
        }
        else if (name == "language_info")
        {
            language = (string.Empty, string.Empty);
            ReadObject(part =>
            {
                language = part switch
                {
                    "name" => language with { Name = ReadName() },
                    "version" => language with { Version = ReadName() },
                    _ => SkipTo(language),
                };
            });
        }
        else
        {
            json.Skip();
        }
    }

    private void ReadCells()
    {
        ReadArray(() =>
        {
            Count();
            var cell = new CellDraft();
            ReadObject(name => ReadCellPart(cell, name));
            cells.Add(cell);
        });
    }

    private void ReadCellPart(CellDraft cell, string name)
    {
        switch (name)
        {
            case "cell_type":
                cell.Type = json.Next == '"' ? ReadName() : SkipTo<string?>(null);
                break;
            case "language":
                cell.Language = ReadName();
                break;
            case "source" or "input":
                cell.Source = ReadSource();
                cell.HasSource = true;
                break;
            case "execution_count" or "prompt_number":
                cell.ExecutionCount = json.ReadInteger();
                break;
            case "metadata":
                cell.Tags.Clear();
                cell.HasMetadata = json.Next == '{';
                ReadObject(part => When(part == "tags", () => ReadArray(() => cell.Tags.Add(ReadCounted()))));
                break;
            case "outputs":
                cell.Outputs.Clear();
                ReadArray(() => cell.Outputs.Add(ReadOutput()));
                break;
            default:
                json.Skip();
                break;
        }
    }

    private NotebookOutput ReadOutput()
    {
        Count();
        var type = string.Empty;
        var mimeTypes = new List<string>();

        // What stands before the value are white space and a comma.
        _ = json.Next;
        var start = json.Position;
        ReadObject(name =>
        {
            switch (name)
            {
                case "output_type":
                    type = ReadName();
                    break;
                case "data":
                    mimeTypes.Clear();
                    ReadObject(mimeType =>
                    {
                        Count();
                        mimeTypes.Add(mimeType);
                        json.Skip();
                    });
                    break;
                default:
                    json.Skip();
                    break;
            }
        });
        return new NotebookOutput(type, mimeTypes, json.Position - start);
    }

    /// <summary>Reads text that is one string, or one string for each line; null if it is neither.</summary>
    private string? ReadSource()
    {
        if (json.Next != '[')
        {
            return ReadLines();
        }

        var text = new StringBuilder();
        var isText = true;
        json.ReadArray(() =>
        {
            var lines = ReadLines();
            isText &= lines is not null;
            text.Append(lines);
        });
        return isText ? text.ToString() : null;

        string? ReadLines()
        {
            if (json.Next != '"')
            {
                json.Skip();
                return null;
            }

            var lines = json.ReadString(MostText - letters, cut: false);
            letters += lines.Length;
            return lines;
        }
    }

    private string ReadCounted()
    {
        Count();
        return ReadName();
    }

    private string ReadName()
    {
        if (json.Next == '"')
        {
            return json.ReadString(MostNameLetters, cut: true);
        }

        json.Skip();
        return string.Empty;
    }

    private void ReadObject(Action<string> property)
    {
        if (json.Next == '{')
        {
            json.ReadObject(property);
        }
        else
        {
            json.Skip();
        }
    }

    private void ReadArray(Action item)
    {
        if (json.Next == '[')
        {
            json.ReadArray(item);
        }
        else
        {
            json.Skip();
        }
    }

    private void When(bool isWanted, Action read)
    {
        if (isWanted)
        {
            read();
        }
        else
        {
            json.Skip();
        }
    }

    private T SkipTo<T>(T value)
    {
        json.Skip();
        return value;
    }

    private void Count()
    {
        if (++parts > MostParts)
        {
            throw new JsonTooLargeException();
        }
    }

    /// <summary>A cell whose parts are being read. The last of two properties of one name counts, as in Python.</summary>
    private sealed class CellDraft
    {
        public string? Type { get; set; }

        public string Language { get; set; } = string.Empty;

        public string? Source { get; set; }

        public bool HasSource { get; set; }

        public int? ExecutionCount { get; set; }

        public bool HasMetadata { get; set; }

        public List<string> Tags { get; } = [];

        public List<NotebookOutput> Outputs { get; } = [];

        /// <summary>What nbformat cannot do without; null if it is there.</summary>
        public string? Fault => Type is null ? "has no cell_type" : !HasMetadata ? "has no metadata"
            : Source is null && (Type == "code" || HasSource) ? "has no source that is text"
            : null;

        public bool IsRun => Type == "code" && Source?.Trim().Length > 0;

        public NotebookCell Make(int position, int? number) =>
            new(position, number, Type ?? string.Empty, Source ?? string.Empty, ExecutionCount, Tags, Outputs.ToArray());
    }
}
