using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;

namespace SpotTrainer.Shell;

/// <summary>Reads a line from the terminal such that Ctrl+C ends the wait: Console.ReadLine would go on waiting.</summary>
internal sealed class LineReader
{
    private readonly ShellTerminal terminal;
    private readonly CancellationToken stopping;
    private Task<ConsoleKeyInfo>? pending;

    public LineReader(ShellTerminal terminal, CancellationToken stopping)
    {
        this.terminal = terminal;
        this.stopping = stopping;
    }

    /// <summary>Reads a line.</summary>
    /// <param name="whatFor">What to do where there is no terminal, for the error.</param>
    /// <param name="mask">Shown in place of each letter; null shows the letters.</param>
    public string Read(string whatFor, char? mask = null)
    {
        ThrowIfNoTerminal(whatFor);
        terminal.SuspendProgress();
        try
        {
            var line = new StringBuilder();
            while (true)
            {
                var key = NextKey();
                if (key.Key == ConsoleKey.Enter)
                {
                    terminal.WritePrompt(Environment.NewLine);
                    return line.ToString();
                }

                if (key.Key == ConsoleKey.Backspace)
                {
                    if (line.Length > 0)
                    {
                        line.Length--;
                        terminal.WritePrompt("\b \b");
                    }
                }
                else if (!char.IsControl(key.KeyChar))
                {
                    line.Append(key.KeyChar);
                    terminal.WritePrompt((mask ?? key.KeyChar).ToString());
                }
            }
        }
        finally
        {
            terminal.ResumeProgress();
        }
    }

    /// <summary>Fails where nobody can answer, rather than wait for ever.</summary>
    public static void ThrowIfNoTerminal(string whatFor)
    {
        if (Console.IsInputRedirected)
        {
            throw new HostException($"There is no terminal on which to ask. {whatFor}");
        }
    }

    private ConsoleKeyInfo NextKey()
    {
        // The key that a stopped prompt was waiting for goes to the next one.
        pending ??= Task.Run(() => Console.ReadKey(intercept: true), CancellationToken.None);
        try
        {
            pending.Wait(stopping);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }

        var key = pending.Result;
        pending = null;
        return key;
    }
}
