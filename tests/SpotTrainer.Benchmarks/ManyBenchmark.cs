using System.Diagnostics;
using System.Globalization;

namespace SpotTrainer.Benchmarks;

/// <summary>
/// Measures steps with -WhatIf for 1,000 objects: instances, objects that were saved, and IDs, compared with Invoke-TrainingCommand for the
/// same objects in the same session, and Set-SpotTrainingDeadline for instances to which nothing is connected yet.
/// </summary>
internal static class ManyBenchmark
{
    private const int Rounds = 5;

    private static readonly string[] Kinds = ["$i", "$saved", "$i.InstanceId"];

    private static readonly string[] Steps =
        ["Invoke-TrainingCommand true -WhatIf", "Set-SpotTrainingDeadline -AddHours 0.1 -WhatIf", "Remove-SpotTrainingInstance -WhatIf"];

    public static void Run()
    {
        using var session = new Session();
        session.Run("Import-Module ./SpotTrainer.psd1; $null = Start-SpotRehearsal -InstallMissing");
        try
        {
            session.Run("""
                $global:machines = Find-SpotOffer m7i.large -First 1 | New-SpotTrainingInstance -Count 20 -Name many -MaxHours 1
                $global:i = $machines[0]
                $global:saved = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($i))
                """);
            foreach (var kind in Kinds)
            {
                session.Run($"$global:many = @({kind}) * 1000");
                Write(kind, "Invoke-TrainingCommand true", Median(() => Time(session, "Invoke-TrainingCommand true")));
                foreach (var step in Steps)
                {
                    Write(kind, step, Median(() => Time(session, step)));
                }
            }

            foreach (var step in new[] { "Invoke-TrainingCommand true", Steps[1] })
            {
                Write("20 instances, nothing connected", step, Median(() => InNewSession(session, step)));
            }
        }
        finally
        {
            session.Run("Stop-SpotRehearsal | Out-Null");
        }
    }

    private static double Time(Session session, string step)
    {
        var clock = Stopwatch.StartNew();
        session.Run($"$null = $many | {step}");
        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>Returns the time of a step in a session of its own, without the start of that session.</summary>
    private static double InNewSession(Session session, string step) => (double)session.Run($$"""
        $other = [powershell]::Create()
        $null = $other.AddScript({
            param($machines)
            Import-Module ./SpotTrainer.psd1
            $clock = [Diagnostics.Stopwatch]::StartNew()
            $null = $machines | {{step}}
            $clock.Elapsed.TotalSeconds
        }).AddArgument($machines)
        $other.Invoke()
        $other.Runspace.Dispose()
        """)[0].BaseObject;

    private static double Median(Func<double> run)
    {
        // The first run includes JIT compilation.
        run();
        return Enumerable.Range(0, Rounds).Select(_ => run()).Order().ElementAt(Rounds / 2);
    }

    private static void Write(string objects, string step, double seconds) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{objects,-32} {step,-48} {seconds,6:0.00} s"));
}
