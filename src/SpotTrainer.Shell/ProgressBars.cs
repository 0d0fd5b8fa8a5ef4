using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace SpotTrainer.Shell;

/// <summary>
/// Draws one line for each activity below the output, in place. A terminal without cursor movements gets one line, of the
/// activity that moved last. Not safe for several threads: <see cref="ShellTerminal"/> guards it.
/// </summary>
internal sealed class ProgressBars
{
    private const int BarWidth = 16;
    private const int MostLines = 6;
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(100);

    private readonly TextWriter writer;
    private readonly bool cursor;
    private readonly List<Activity> activities = [];
    private string[] shown = [];
    private long drawnAt;

    public ProgressBars(TextWriter writer, bool cursor)
    {
        this.writer = writer;
        this.cursor = cursor;
    }

    public bool IsEmpty => activities.Count == 0;

    public void Update(long source, ProgressRecord record)
    {
        var index = activities.FindIndex(activity => activity.Source == source && activity.Id == record.ActivityId);
        if (record.RecordType == ProgressRecordType.Completed)
        {
            if (index >= 0)
            {
                activities.RemoveAt(index);
                drawnAt = 0;
            }

            return;
        }

        if (index < 0)
        {
            activities.Add(new Activity(source, record.ActivityId, Stopwatch.GetTimestamp()));
            index = activities.Count - 1;
            drawnAt = 0;
        }

        activities[index].Record = record;
        activities[index].MovedAt = Stopwatch.GetTimestamp();
    }

    public void Draw()
    {
        if (drawnAt != 0 && shown.Length > 0 && Stopwatch.GetElapsedTime(drawnAt) < LeastInterval)
        {
            // The terminal's clock draws it soon.
            return;
        }

        var lines = Lines();
        if (lines.AsSpan().SequenceEqual(shown))
        {
            return;
        }

        var text = new StringBuilder(EraseText());
        text.AppendJoin('\n', lines);
        writer.Write(text);
        shown = lines;
        drawnAt = Stopwatch.GetTimestamp();
    }

    public void Erase()
    {
        writer.Write(EraseText());
        shown = [];
    }

    public void Clear()
    {
        Erase();
        activities.Clear();
    }

    private static string Render(Activity activity, int columns)
    {
        var record = activity.Record!;
        var elapsed = Stopwatch.GetElapsedTime(activity.StartedAt);
        var time = elapsed.ToString(elapsed.TotalHours >= 1 ? @"h\:mm\:ss" : @"mm\:ss", CultureInfo.InvariantCulture);
        var percent = record.PercentComplete;
        var bar = percent < 0
            ? string.Empty
            : $"[{new string('#', Math.Min(percent, 100) * BarWidth / 100).PadRight(BarWidth, '.')}] {Math.Min(percent, 100),3} % ";
        var tail = $" {bar}{time}";

        // The activity is cut last: it says which machine is meant.
        var room = columns - tail.Length;
        var activityText = Cut(OneLine(record.Activity), room);
        var status = Cut(OneLine(record.StatusDescription ?? string.Empty), room - activityText.Length - 2);
        return Cut((status.Length == 0 ? activityText : $"{activityText}: {status}").PadRight(Math.Max(0, Math.Min(room, 56))) + tail, columns);
    }

    private static string OneLine(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();

    private static string Cut(string text, int columns) => columns switch
    {
        <= 0 => string.Empty,
        _ when text.Length <= columns => text,
        < 4 => text[..columns],
        _ => string.Concat(text.AsSpan(0, columns - 3), "..."),
    };

    private string[] Lines()
    {
        // One column stays free: a terminal wraps after the last.
        var columns = Math.Max(20, TerminalSize.Width - 1);
        var most = cursor ? MostLines : 1;
        return [.. activities
            .OrderByDescending(activity => activity.MovedAt).Take(most)
            .OrderBy(activity => activity.StartedAt)
            .Select(activity => Render(activity, columns))];
    }

    private string EraseText()
    {
        if (shown.Length == 0)
        {
            return string.Empty;
        }

        return cursor
            ? $"\r{(shown.Length > 1 ? $"\e[{shown.Length - 1}A" : string.Empty)}\e[J"
            : $"\r{new string(' ', shown[0].Length)}\r";
    }

    private sealed class Activity(long source, int id, long startedAt)
    {
        public long Source { get; } = source;

        public int Id { get; } = id;

        public long StartedAt { get; } = startedAt;

        public long MovedAt { get; set; }

        public ProgressRecord? Record { get; set; }
    }
}
