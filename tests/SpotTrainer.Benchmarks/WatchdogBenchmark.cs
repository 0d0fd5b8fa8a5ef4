using System.Diagnostics;
using System.Globalization;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Launch;
using SpotTrainer.Rehearsal.Machines;

namespace SpotTrainer.Benchmarks;

/// <summary>
/// Measures the watchdog on an instance of a rehearsal: how fast it reacts to a notice, and how much of one CPU it uses, with a curl that
/// can repeat requests by itself (alone, and with a job and a server registered) and with one that is too old for that.
/// </summary>
internal static class WatchdogBenchmark
{
    private const int Rounds = 20;
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(4);
    private const string Action = """{"action": "terminate", "time": "2031-05-06T07:10:00Z"}""";

    public static async Task RunAsync()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"st-bench-{Guid.NewGuid():N}"[..17]);
        var keys = Directory.CreateTempSubdirectory("bench-").FullName;
        var (user, host) = (SshPrivateKey.MakeEd25519("bench"), SshPrivateKey.MakeEd25519("bench"));
        PrivateFile.Write(Path.Combine(keys, "key"), OpenSshKeyFormat.Write(user, passphrase: null), overwrite: false);
        await using (var vpc = await Vpc.StartAsync(folder, new VpcOptions(), CancellationToken.None))
        {
            var machine = await vpc.StartAsync(
                new MachineSpec("i-00000000000000001", UserData.Write(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(8), TimeSpan.FromHours(4), host), [user.PublicLine], "ubuntu",
                    new Dictionary<string, string>(StringComparer.Ordinal)),
                CancellationToken.None);
            while (!machine.ConsoleOutput.Contains("Cloud-init finished", StringComparison.Ordinal))
            {
                await Task.Delay(100);
            }

            await File.WriteAllTextAsync(
                Path.Combine(keys, "known"),
                $"[{machine.PublicIpAddress}]:{machine.SshPort} {host.PublicLine}\n{machine.PublicIpAddress} {host.PublicLine}\n");
            Console.WriteLine($"{"curl",-28}{"% of one CPU",13}{"median s",10}{"max s",10}");
            foreach (var (name, change) in new[]
            {
                ("repeats by itself (7.71)", ":"),
                ("the same, with two uses",
                    $"{Sleep} & {Register} job $! 'a job' always TERM TERM; {Sleep} & {Register} server $! 'a server' cpu none none"),
                ("one process per check (older)", "sudo sed -i 's/--retry-all-errors/--not-yet/' $(command -v spottrainer-watchdog)"),
            })
            {
                await OnAsync($"{change}; {Restart}");
                await Task.Delay(TimeSpan.FromSeconds(5));
                var (clock, before) = (Stopwatch.StartNew(), await TicksAsync());
                await Task.Delay(Idle);
                var percent = (await TicksAsync() - before) / clock.Elapsed.TotalSeconds;
                var times = new List<double>();
                for (var round = 0; round < Rounds; round++)
                {
                    times.Add(await ReactAsync());
                }

                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{name,-28}{percent,13:0.000}{Measure.Median(times),10:0.00}{times.Max(),10:0.00}"));
            }

            // Measures the time from the notice to the signal in the job.
            async Task<double> ReactAsync()
            {
                await OnAsync("""
                    rm -rf one /run/spottrainer/interruption; mkdir one; cd one
                    setsid python3 -c 'import os, signal, time; signal.pthread_sigmask(signal.SIG_BLOCK, [15]); open("ready", "w"); signal.sigwait([15]); open("new", "w").write(repr(time.time())); os.rename("new", "seen")' > log 2>&1 < /dev/null & spottrainer-watchdog register job $! 'a job' always TERM TERM
                    until [ -e ready ]; do sleep 0.05; done
                    """ + "\n" + Restart);
                await Task.Delay(TimeSpan.FromSeconds(3 + (2 * Random.Shared.NextDouble())));
                var begin = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds;
                machine.SetMetadata("meta-data/spot/instance-action", Action);
                var seen = await OnAsync("timeout 20 sh -c 'until cat one/seen 2> /dev/null; do sleep 0.05; done'");
                machine.SetMetadata("meta-data/spot/instance-action", content: null);
                return double.Parse(seen, CultureInfo.InvariantCulture) - begin;
            }

            // Returns the CPU time of all processes of the service, in hundredths of a second. Processes that have ended count in their
            // parents' totals.
            async Task<double> TicksAsync() => double.Parse(
                await OnAsync("""
                    s=$(systemctl show -P MainPID spottrainer-watchdog.service); cat /proc/[0-9]*/stat 2> /dev/null | sed 's/.*) //' | awk -v s=$s '$4 == s { t += $12 + $13 + $14 + $15 } END { print t }'
                    """), CultureInfo.InvariantCulture);

            async Task<string> OnAsync(string command)
            {
                using var ssh = Process.Start(new ProcessStartInfo("ssh",
                    ["-F", "none", "-i", Path.Combine(keys, "key"), "-o", "IdentitiesOnly=yes", "-o", $"UserKnownHostsFile={Path.Combine(keys, "known")}", "-o", "LogLevel=ERROR",
                     "-p", machine.SshPort.ToString(CultureInfo.InvariantCulture), $"ubuntu@{machine.PublicIpAddress}", command])
                { RedirectStandardOutput = true, UseShellExecute = false })!;
                var output = await ssh.StandardOutput.ReadToEndAsync();
                await ssh.WaitForExitAsync();
                return ssh.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{command}: exit status {ssh.ExitCode}");
            }
        }

        Directory.Delete(keys, recursive: true);
    }

    private const string Sleep = "setsid sleep 86400 > /dev/null 2>&1 < /dev/null";
    private const string Register = "spottrainer-watchdog register";
    private const string Restart = "sudo systemctl restart spottrainer-watchdog.service";
}
