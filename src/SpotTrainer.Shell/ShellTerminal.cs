using System.Management.Automation;
using System.Text.RegularExpressions;

namespace SpotTrainer.Shell;

/// <summary>
/// The one place that writes to the console, from whichever thread: the bar is taken away before a line is written and comes
/// back after it.
/// </summary>
internal sealed partial class ShellTerminal : IDisposable
{
    private readonly Lock gate = new();
    private readonly ProgressBars? bars;
    private readonly Timer? clock;
    private bool lineOpen;
    private bool suspended;

    public ShellTerminal()
    {
        var ansi = Environment.GetEnvironmentVariable("TERM") is not "dumb"
            && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        OutputHasColour = ansi && !Console.IsOutputRedirected;
        ErrorHasColour = ansi && !Console.IsErrorRedirected;
        if (!Console.IsErrorRedirected)
        {
            // On standard error, so that output that goes to a file leaves the bar on the screen.
            bars = new ProgressBars(Console.Error, Environment.GetEnvironmentVariable("TERM") is not "dumb");
            clock = new Timer(_ => Tick(), state: null, Timeout.Infinite, Timeout.Infinite);
        }
    }

    /// <summary>Whether escape sequences may go to standard output.</summary>
    public bool OutputHasColour { get; }

    private bool ErrorHasColour { get; }

    /// <summary>Writes on standard output.</summary>
    public void Write(string text)
    {
        var plain = OutputHasColour ? text : WithoutEscapes(text);
        Around(() => Console.Out.Write(plain), plain, onTerminal: !Console.IsOutputRedirected);
    }

    /// <summary>Writes a line on standard error, in a colour where there are any.</summary>
    public void WriteNote(string text, string colour)
    {
        var plain = WithoutEscapes(text);
        Around(
            () => Console.Error.WriteLine(ErrorHasColour ? $"{colour}{plain}\e[0m" : plain),
            Environment.NewLine,
            onTerminal: !Console.IsErrorRedirected);
    }

    /// <summary>Writes an error on standard error.</summary>
    public void WriteError(string text) => WriteNote(text, "\e[31m");

    /// <summary>Writes what a user is asked, where the user sees it.</summary>
    public void WritePrompt(string text)
    {
        var writer = Console.IsOutputRedirected ? Console.Error : Console.Out;
        Around(() => writer.Write(text), text, onTerminal: true);
    }

    /// <summary>Draws an activity's bar, or takes it away when it is completed. Silent where there is no terminal.</summary>
    public void ShowProgress(long source, ProgressRecord record)
    {
        if (bars is null)
        {
            return;
        }

        lock (gate)
        {
            bars.Update(source, record);
            Draw();
            clock!.Change(bars.IsEmpty ? Timeout.Infinite : 250, bars.IsEmpty ? Timeout.Infinite : 250);
        }
    }

    /// <summary>Takes all bars away for as long as somebody else writes.</summary>
    public void SuspendProgress()
    {
        lock (gate)
        {
            suspended = true;
            bars?.Erase();
        }
    }

    /// <summary>Ends <see cref="SuspendProgress"/>.</summary>
    public void ResumeProgress()
    {
        lock (gate)
        {
            suspended = false;
            Draw();
        }
    }

    /// <summary>Takes all bars away for good.</summary>
    public void EndProgress()
    {
        lock (gate)
        {
            clock?.Change(Timeout.Infinite, Timeout.Infinite);
            bars?.Clear();
        }
    }

    public void Dispose() => clock?.Dispose();

    private static string WithoutEscapes(string text) =>
        text.Contains('\e', StringComparison.Ordinal) ? EscapeSequence().Replace(text, string.Empty) : text;

    [GeneratedRegex(@"\e(\[[0-?]*[ -/]*[@-~]|\][^\a\e]*(\a|\e\\))", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex EscapeSequence();

    private void Around(Action write, string text, bool onTerminal)
    {
        lock (gate)
        {
            if (onTerminal)
            {
                bars?.Erase();
            }

            write();
            if (onTerminal && text.Length > 0)
            {
                lineOpen = !text.EndsWith('\n');
                Draw();
            }
        }
    }

    private void Tick()
    {
        lock (gate)
        {
            Draw();
        }
    }

    private void Draw()
    {
        if (!suspended && !lineOpen)
        {
            bars?.Draw();
        }
    }
}
