using System.Globalization;
using System.Text;
using System.Text.Json;
using SpotTrainer.Foundation;

namespace SpotTrainer.Conda;

/// <summary>
/// Listens to install_conda.sh, whose first lines have its words, and through it to conda. With <c>--json</c>, conda prints an object with
/// <c>fetch</c> and <c>progress</c>, a line end, and a null for each step of a download, and one object at the end (conda's JSON reporter
/// backend). It says nothing when it begins to link.
/// </summary>
internal sealed class CondaTalk(StepContext context, string activity)
{
    /// <summary>A list of a thousand packages takes less.</summary>
    private const int MostBytes = 16 * 1024 * 1024;

    /// <summary>The most lines of the programs' messages that are shown.</summary>
    private const int MostMessages = 500;

    private const int LongestMessage = 500;

    private readonly List<byte> word = [];
    private readonly Dictionary<string, TimeSpan> seconds = new(StringComparer.Ordinal);
    private readonly Func<TimeSpan> elapsed = context.Time.StartClock();
    private string? phase;
    private TimeSpan began;
    private int messages;

    /// <summary>How long each phase took so far.</summary>
    public IReadOnlyDictionary<string, TimeSpan> Phases => seconds;

    /// <summary>The object that conda printed last.</summary>
    public JsonElement? Answer { get; private set; }

    /// <summary>What the script said at its end, with its word first: <c>result</c> or <c>failed</c>.</summary>
    public string? End { get; private set; }

    /// <summary>What was done to what was there: <c>ruin</c> or <c>force</c>; null if nothing.</summary>
    public string? Had { get; private set; }

    /// <summary>Takes a part of the output.</summary>
    /// <exception cref="SpotTrainerException"><c>StackReportDamaged</c>: a word has no end.</exception>
    public void Add(ArraySegment<byte> bytes)
    {
        foreach (var one in bytes)
        {
            if (one != 0)
            {
                word.Add(one);
                if (word.Count > MostBytes)
                {
                    throw CondaErrors.Damaged();
                }

                continue;
            }

            Finish();
        }
    }

    /// <summary>Takes the end of the output.</summary>
    public void Finish()
    {
        var text = Encoding.UTF8.GetString(word.ToArray());
        word.Clear();
        if (text.StartsWith("@", StringComparison.Ordinal))
        {
            var space = text.IndexOf(' ');
            var (name, rest) = space < 0 ? (text, string.Empty) : (text.Substring(0, space), text.Substring(space + 1));
            Take(name.Substring(1), rest);
        }
        else if (text.TrimStart().StartsWith("{", StringComparison.Ordinal))
        {
            TakeAnswer(text);
        }
        else
        {
            TakeLines(text);
        }
    }

    private void Take(string name, string rest)
    {
        switch (name)
        {
            case "waiting":
                context.Log.Warning($"{activity}: another call is at work in the same folder, so this one waits.");
                break;
            case "phase":
                Begin(rest);
                break;
            case "bytes" when rest.Split(' ') is [var done, var total]
                && long.TryParse(done, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                && long.TryParse(total, NumberStyles.None, CultureInfo.InvariantCulture, out var all):
                context.Log.Progress(
                    activity, all > 0 ? $"downloading: {DisplayText.Size(count)} of {DisplayText.Size(all)}" : $"downloading: {DisplayText.Size(count)}",
                    all > 0 ? (int)Math.Min(100, count * 100 / all) : -1);
                break;
            case "had":
                Had = rest;
                context.Log.Warning(rest == "force" ? $"{activity}: the stack that was there is deleted, because of -Force."
                    : $"{activity}: what a call that was cut off has left there is deleted.");
                break;
            case "result" or "failed":
                Begin(null);
                End = $"{name} {rest}";
                break;
        }
    }

    private void TakeAnswer(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (!document.RootElement.TryGetProperty("fetch", out var fetch))
            {
                Answer = document.RootElement.Clone();
                return;
            }

            // "pandas-2.2.3 | 14.5 MB | "
            var isOver = document.RootElement.TryGetProperty("finished", out var finished) && finished.ValueKind == JsonValueKind.True;
            Begin(isOver ? "link" : "download");
            context.Log.Progress(
                activity, isOver ? "linking" : $"downloading {ErrorTranslation.Shorten(TerminalText.Line($"{fetch}".Split('|')[0].Trim()), 40)}");
        }
        catch (JsonException)
        {
            TakeLines(text);
        }
    }

    private void TakeLines(string text)
    {
        foreach (var line in text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0))
        {
            // What the installer says (constructor's header.sh).
            if (line.StartsWith("Installing base environment", StringComparison.Ordinal))
            {
                Begin("link");
            }

            if (messages++ < MostMessages)
            {
                context.Log.Verbose(ErrorTranslation.Shorten(line, LongestMessage));
            }
        }
    }

    private void Begin(string? next)
    {
        if (phase is not null)
        {
            seconds[phase] = (seconds.TryGetValue(phase, out var before) ? before : TimeSpan.Zero) + elapsed() - began;
        }

        (phase, began) = (next, elapsed());
        if (next is not null)
        {
            context.Log.Progress(activity, Describe(next));
        }
    }

    private static string Describe(string phase) => phase switch
    {
        "download" => "downloading",
        "verify" => "verifying the installer",
        "unpack" => "unpacking the installer",
        "terms" => "accepting the terms",
        "solve" => "solving",
        "link" => "linking",
        "pip" => "installing with pip",
        "check" => "importing the packages",
        _ => TerminalText.Line(phase),
    };
}
