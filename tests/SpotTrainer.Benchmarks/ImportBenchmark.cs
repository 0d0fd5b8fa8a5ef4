using System.Diagnostics;
using System.Globalization;

namespace SpotTrainer.Benchmarks;

/// <summary>
/// Measures what importing the module adds to a new process: <c>pwsh</c>, or this program, which hosts PowerShell's engine.
/// </summary>
internal static class ImportBenchmark
{
    private const int Rounds = 15;

    /// <summary>Measures, and prints the results.</summary>
    /// <param name="pwsh">The path of a PowerShell; null for the hosted engine.</param>
    public static void Run(string? pwsh = null)
    {
        var import = $"Import-Module '{Path.Combine(Session.Root, "SpotTrainer.psd1")}'; 1";
        var (empty, full) = (new List<double>(), new List<double>());

        // Measures in pairs, so that a drift of the machine's speed affects both alike. The first pair warms the disk cache.
        for (var round = 0; round <= Rounds; round++)
        {
            var (without, with) = (Child(pwsh, "1"), Child(pwsh, import));
            if (round > 0)
            {
                empty.Add(without);
                full.Add(with);
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"whole process, median of {Rounds} pairs: empty {Measure.Median(empty):0} ms, with the module {Measure.Median(full):0} ms, difference {Measure.Median(full.Zip(empty, (one, other) => one - other)):0} ms"));
    }

    /// <summary>Runs a script in a session, in the child process.</summary>
    public static void RunOnce(string script)
    {
        using var session = new Session();
        session.Run(script);
    }

    private static double Child(string? pwsh, string script)
    {
        var start = pwsh is null
            ? new ProcessStartInfo(Environment.ProcessPath!, ["import", "once", script])
            : new ProcessStartInfo(pwsh, ["-NoProfile", "-NonInteractive", "-Command", script]);
        start.RedirectStandardOutput = true;
        var clock = Stopwatch.StartNew();
        using var child = Process.Start(start)!;
        child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0 ? clock.Elapsed.TotalMilliseconds : throw new InvalidOperationException("The child failed.");
    }
}
