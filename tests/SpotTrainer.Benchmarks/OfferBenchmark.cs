using System.Diagnostics;
using System.Globalization;
using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Endpoint;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Benchmarks;

/// <summary>
/// Measures Find-SpotOffer over a market of AWS's size, 17 regions with 800 types each, where each call takes 150 ms longer: all regions at
/// once compared with the slowest region alone, and the memory for different numbers of regions. The endpoint runs in its own process.
/// </summary>
internal static class OfferBenchmark
{
    private const int Rounds = 5;
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(150);
    private static readonly OfferCriteria Criteria = new() { MinVCpu = 2, First = 20, Days = 7 };

    public static async Task RunAsync()
    {
        using var server = StartServer();
        var (url, key, secret) = (Line(server), Line(server), Line(server));
        var regions = LargeMarket.Make().Regions.ToArray();

        // The first run includes JIT compilation.
        await FindAsync(regions, warm: null);

        var alone = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var region in regions)
        {
            alone[region] = await MedianAsync(() => FindAsync([region], warm: null), rounds: 3);
        }

        var slowest = alone.MaxBy(pair => pair.Value);
        var all = await MedianAsync(() => FindAsync(regions, warm: null), Rounds);
        using var folder = new Folder();
        await FindAsync(regions, folder.Path);
        var again = await MedianAsync(() => FindAsync(regions, folder.Path), Rounds);
        Console.WriteLine($"{regions.Length} regions x 800 types, 150 ms per call, -First {Criteria.First} -Days {Criteria.Days}");
        Write("slowest region alone", slowest.Value, slowest.Key);
        Write("all regions", all, Ratio(all / slowest.Value));
        Write("all regions, prices cached", again, Ratio(again / slowest.Value));
        foreach (var count in new[] { 1, 4, 8, 17 })
        {
            var peak = await PeakAsync(() => FindAsync(regions.Take(count).ToArray(), warm: null));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{count,2} regions: {peak / 1048576.0,6:0.0} MiB of live objects at peak"));
        }

        server.StandardInput.Close();
        await server.WaitForExitAsync();

        async Task<double> FindAsync(string[] asked, string? warm)
        {
            using var cold = new Folder();
            using var cloud = new CloudContext(new BasicAWSCredentials(key, secret), asked[0], url, warm ?? cold.Path, "000000000000");
            var clock = Stopwatch.StartNew();
            var offers = await OfferFinder.FindAsync(cloud, asked, Criteria, new StepContext(new Quiet()), CancellationToken.None);
            clock.Stop();
            return offers.Count == Criteria.First
                ? clock.Elapsed.TotalSeconds
                : throw new InvalidOperationException($"{offers.Count} offers");
        }
    }

    /// <summary>Runs the endpoint in its process. It prints its URL and credentials, and ends when its standard input is closed.</summary>
    public static async Task ServeAsync()
    {
        await using var endpoint = Ec2Endpoint.Start(new NoMachines(), new EndpointOptions
        {
            Market = LargeMarket.Make(), Conditions = new Conditions { Delays = [new RegionDelay("*", Latency)] },
        });
        Console.WriteLine(endpoint.Url);
        Console.WriteLine(endpoint.AccessKeyId);
        Console.WriteLine(endpoint.SecretAccessKey);
        await Console.In.ReadToEndAsync();
    }

    private static Process StartServer()
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in new[] { typeof(OfferBenchmark).Assembly.Location, "offers", "serve" }.Skip(
            Path.GetFileName(Environment.ProcessPath) == "dotnet" ? 0 : 1))
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static string Line(Process process) => process.StandardOutput.ReadLine()!;

    private static async Task<double> MedianAsync(Func<Task<double>> run, int rounds)
    {
        var times = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            times.Add(await run());
        }

        return times.Order().ElementAt(rounds / 2);
    }

    /// <summary>Returns the peak of live memory above the start, as far as a garbage collection every 20 ms can see it.</summary>
    private static async Task<long> PeakAsync(Func<Task> run)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var running = run();
        var peak = 0L;
        while (!running.IsCompleted)
        {
            peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - before);
            await Task.WhenAny(running, Task.Delay(20));
        }

        await running;
        return peak;
    }

    private static void Write(string what, double seconds, string note) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-28}{seconds,6:0.00} s  {note}"));

    private static string Ratio(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);

    private sealed class NoMachines : IMachineFactory
    {
        public Task<IMachine> StartAsync(MachineSpec spec, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("bench-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
