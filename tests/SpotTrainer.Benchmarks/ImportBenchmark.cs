using System.Diagnostics;
using System.Globalization;

namespace SpotTrainer.Benchmarks;

/// <summary>What importing the module adds to a fresh process that has PowerShell's engine.</summary>
internal static class ImportBenchmark
{
    private const int Rounds = 15;

    public static void Run()
    {
        var manifest = Path.Combine(Session.Root, "SpotTrainer.psd1");
        var (empty, full) = (new List<double>(), new List<double>());

        // In pairs, so that a machine whose speed drifts treats both alike; the first pair warms the disk's cache.
        for (var round = 0; round <= Rounds; round++)
        {
            var (without, with) = (Child(string.Empty), Child(manifest));
            if (round > 0)
            {
                empty.Add(without);
                full.Add(with);
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"whole process, median of {Rounds} pairs: empty {Median(empty):0} ms, with the module {Median(full):0} ms, difference {Median(full.Zip(empty, (one, other) => one - other)):0} ms"));
    }

    /// <summary>The child: a session, with the module or without.</summary>
    public static void RunOnce(string manifest)
    {
        using var session = new Session();
        session.Run(manifest.Length == 0 ? "1" : $"Import-Module '{manifest}'; 1");
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private static double Child(string manifest)
    {
        var clock = Stopwatch.StartNew();
        using var child = Process.Start(Environment.ProcessPath!, ["import", "once", manifest]);
        child.WaitForExit();
        return child.ExitCode == 0 ? clock.Elapsed.TotalMilliseconds : throw new InvalidOperationException("The child failed.");
    }
}
