using System.Collections;
using System.Diagnostics;
using System.Globalization;

namespace SpotTrainer.Benchmarks;

/// <summary>
/// Measures the main job, split by step, and a bash script that does the same with aws, ssh, and scp in the same rehearsal.
/// </summary>
internal static class MainJobBenchmark
{
    private const int Rounds = 5;

    /// <summary>The steps, with the names that both use in their reports.</summary>
    private static readonly (string Name, string Script)[] Steps =
    [
        ("find", "$global:offers = Find-SpotOffer -MinVCpu 2 -MinMemoryGiB 4 -Architecture x86_64 -First 5"),
        ("launch", "$global:instance = $offers | New-SpotTrainingInstance -Name bench -MaxHours 1"),
        ("conda", "$global:stack = $instance | Install-CondaStack -Package scikit-learn, pandas, matplotlib, notebook"),
        ("secure", "$global:security = $stack | Set-JupyterSecurity"),
        ("jupyter", "$global:server = $security | Start-JupyterServer"),
        ("send", "$null = $instance | Send-TrainingData -Path 'examples/breast-cancer/data'"),
        ("train", "$global:job = $instance | Start-TrainingJob -Path 'examples/breast-cancer/train.ipynb' | Wait-TrainingJob"),
        ("fetch", "$null = $job | Receive-TrainingResult -Destination $out"),
        ("remove", "$null = $server | Stop-JupyterServer; $null = $instance | Remove-SpotTrainingInstance"),
    ];

    public static async Task RunAsync()
    {
        using var session = new Session();
        session.Run("Import-Module ./SpotTrainer.psd1");
        var rehearsal = session.Run("Start-SpotRehearsal -InstallMissing")[0];
        var environment = (IDictionary)rehearsal.Properties["Environment"].Value;
        var (ours, theirs) = (new List<Dictionary<string, double>>(), new List<Dictionary<string, double>>());
        try
        {
            for (var round = 0; round <= Rounds; round++)
            {
                var (one, other) = (Ours(session), await TheirsAsync(environment));
                if (round > 0)
                {
                    ours.Add(one);
                    theirs.Add(other);
                }
            }
        }
        finally
        {
            session.Run("$null = Stop-SpotRehearsal");
        }

        Console.WriteLine($"seconds, median of {Rounds} alternating rounds after one that is not counted");
        Console.WriteLine($"{"step",-10}{"SpotTrainer",12}{"bash",12}{"ratio",8}");
        foreach (var step in Steps.Select(step => step.Name).Append("total"))
        {
            double Of(List<Dictionary<string, double>> rounds) =>
                Measure.Median(rounds.Select(times => step == "total" ? times.Values.Sum() : times[step]));
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture, $"{step,-10}{Of(ours),12:0.00}{Of(theirs),12:0.00}{Of(ours) / Of(theirs),8:0.00}"));
        }
    }

    private static Dictionary<string, double> Ours(Session session)
    {
        var folder = Directory.CreateTempSubdirectory("bench-").FullName;
        var times = new Dictionary<string, double>(StringComparer.Ordinal);
        session.Run($"$global:out = '{folder}'");
        foreach (var (name, script) in Steps)
        {
            var clock = Stopwatch.StartNew();
            session.Run(script);
            times[name] = clock.Elapsed.TotalSeconds;
        }

        Directory.Delete(folder, recursive: true);
        return times;
    }

    /// <summary>Runs the bash script, which prints "step seconds" lines.</summary>
    private static async Task<Dictionary<string, double>> TheirsAsync(IDictionary environment)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Session.Root, "tests/SpotTrainer.Benchmarks/rehearse.sh")])
        {
            RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = Session.Root,
        };
        foreach (DictionaryEntry variable in environment)
        {
            start.Environment[(string)variable.Key] = (string)variable.Value!;
        }

        using var script = Process.Start(start)!;
        var output = await script.StandardOutput.ReadToEndAsync();
        await script.WaitForExitAsync();
        return script.ExitCode == 0
            ? output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))
                .ToDictionary(fields => fields[0], fields => double.Parse(fields[1], CultureInfo.InvariantCulture), StringComparer.Ordinal)
            : throw new InvalidOperationException("The script failed.");
    }
}
