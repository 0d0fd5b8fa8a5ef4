using System.Globalization;

namespace SpotTrainer.Benchmarks;

/// <summary>What several benchmarks measure in the same way.</summary>
internal static class Measure
{
    /// <summary>Returns the value in the middle.</summary>
    public static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;

    /// <summary>Returns the working set of this process in bytes, without garbage.</summary>
    public static double Idle()
    {
        GC.Collect();
        return Status("VmRSS");
    }

    /// <summary>Returns the largest working set of this process during an action, in bytes, as the kernel notes it.</summary>
    public static double Peak(Action action)
    {
        File.WriteAllText("/proc/self/clear_refs", "5");
        action();
        return Status("VmHWM");
    }

    private static double Status(string name) => 1024 * double.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
