using System.Globalization;
using SpotTrainer.Foundation;

namespace SpotTrainer.Files;

/// <summary>Shows how far a transfer is, how fast, and how long it still takes.</summary>
/// <param name="activity">What is transferred, and where to.</param>
/// <param name="context">Log and clock.</param>
internal sealed class TransferProgress(string activity, StepContext context)
{
    /// <summary>How often a user can read something new.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>A rate over less time means nothing.</summary>
    private static readonly TimeSpan FirstRate = TimeSpan.FromSeconds(1);

    private readonly object gate = new();
    private readonly Func<TimeSpan> elapsed = context.Time.StartClock();
    private long total;
    private long done;
    private long skipped;
    private string doing = string.Empty;
    private TimeSpan began;
    private TimeSpan shown = -Pause;

    /// <summary>Whether bytes were transferred since it was begun.</summary>
    public bool HasMoved
    {
        get
        {
            lock (gate)
            {
                return done > 0 && doing.Length == 0;
            }
        }
    }

    /// <summary>Says what is done before the first byte, or after the last.</summary>
    public void Say(string text) => context.Log.Progress(activity, text);

    /// <summary>Begins to count, perhaps again: a transfer can go on over another connection.</summary>
    /// <param name="bytes">How much there is to transfer.</param>
    /// <param name="what">What is done, if it is not the transfer itself: "Comparing".</param>
    public void Begin(long bytes, string? what = null)
    {
        lock (gate)
        {
            (total, done, skipped, began) = (bytes, 0, 0, elapsed());
            doing = what is null ? string.Empty : what + ": ";
        }
    }

    /// <summary>Notes bytes that need not travel.</summary>
    public void Skip(long count)
    {
        lock (gate)
        {
            skipped += count;
        }
    }

    /// <summary>Notes that bytes of a file were transferred.</summary>
    public void Add(long count, string file)
    {
        string text;
        int percent;
        lock (gate)
        {
            done += count;
            var now = elapsed();
            if (now - shown < Pause)
            {
                return;
            }

            shown = now;
            var (passed, left) = (now - began, total - done - skipped);
            var rate = done / Math.Max(passed.TotalSeconds, 0.001);
            percent = total == 0 ? 0 : (int)Math.Min(100, (done + skipped) * 100 / total);
            text = $"{doing}{DisplayText.Size(done + skipped)} of {DisplayText.Size(total)}, "
                + (passed < FirstRate ? string.Empty : $"{Duration(Math.Max(0, left) / rate)} left, {DisplayText.Size(rate)}/s, ")
                + TerminalText.Line(file);
        }

        context.Log.Progress(activity, text, percent);
    }

    /// <summary>Removes the progress bar.</summary>
    public void Done() => context.Log.ProgressDone(activity);

    private static string Duration(double seconds) => TimeSpan.FromSeconds(Math.Min(Math.Ceiling(seconds), TimeSpan.MaxValue.TotalSeconds / 2))
        .ToString(seconds < 3600 ? @"m\:ss" : @"h\:mm\:ss", CultureInfo.InvariantCulture);
}
