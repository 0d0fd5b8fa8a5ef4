using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;

namespace SpotTrainer.Benchmarks;

/// <summary>
/// Measures connections and commands on the machines of a rehearsal, and ssh in the same run: alone, with a shared connection
/// (ControlMaster), and many at once (xargs -P).
/// </summary>
internal static class ConnectBenchmark
{
    private const int Rounds = 7;
    private const int Machines = 20;
    private const long Gibibyte = 1L << 30;

    public static void Run()
    {
        var folder = Directory.CreateTempSubdirectory("bench-").FullName;
        using var session = new Session();
        session.Run("Import-Module ./SpotTrainer.psd1; $null = Start-SpotRehearsal");
        try
        {
            session.Run(
                $"$global:All = @(Find-SpotOffer -First 1 | New-SpotTrainingInstance -Name bench -Count {Machines} -MaxHours 1); $global:One = $All[0]");
            Configure(session, folder);
            Console.WriteLine($"{"",-44}{"SpotTrainer",13}{"ssh",10}{"ratio",8}");
            Pair("connect and first command, s",
                () => Time(() => session.Run("$null = $One | Invoke-TrainingCommand true"), before: () => Forget(session)),
                () => Time(() => Shell(folder, "ssh -F config h0 true")));
            Shell(folder, "ssh -F config -M -S shared -fN h0");
            Pair("100 commands on a warm connection, s",
                () => Time(() => session.Run("1..100 | ForEach-Object { $One | Invoke-TrainingCommand true }")),
                () => Time(() => Shell(folder, "i=0; while [ $i -lt 100 ]; do ssh -F config -S shared h0 true; i=$((i + 1)); done")));
            Shell(folder, "ssh -F config -S shared -O exit h0 2>&1");
            var (own, theirs) = (new List<double>(), new List<double>());
            Pair($"true on {Machines} machines at once, s",
                () => Time(() => own.Add(Cpu(() => session.Run($"$All | Invoke-TrainingCommand true -ThrottleLimit {Machines}"))), before: () => Forget(session)),
                () => Time(() => theirs.Add(ShellCpu(folder, $"seq 0 {Machines - 1} | xargs -P {Machines} -I{{}} ssh -F config h{{}} true"))));
            Row("  CPU seconds of the client", Measure.Median(own), Measure.Median(theirs));
            const string Zeros = "head -c 1073741824 /dev/zero";
            var memory = 0d;
            Pair("1 GiB as bytes, s",
                () => Time(() => memory = Math.Max(memory, Above(() => Count(session,
                    $"$n = 0L; $One | Invoke-TrainingCommand '{Zeros}' -AsByteStream | ForEach-Object {{ $n += $_.Length }}; $n")))),
                () => Time(() => Shell(folder, $"ssh -F config h0 '{Zeros}' | cat > /dev/null")), rounds: 3);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"  MB above idle at most",-44}{memory,13:0}"));
            const string Lines = "yes 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 | head -c 1073741824 || :";
            memory = 0;
            Pair("1 GiB as lines, s",
                () => Time(() => memory = Math.Max(memory, Above(() => Count(session,
                    $"$n = 0L; $One | Invoke-TrainingCommand '{Lines}' | ForEach-Object {{ $n += $_.Length + 1 }}; $n")))),
                () => Time(() => Count(session, $"$n = 0L; ssh -F '{folder}/config' h0 '{Lines}' | ForEach-Object {{ $n += $_.Length + 1 }}; $n")),
                rounds: 3);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"  MB above idle at most",-44}{memory,13:0}"));
        }
        finally
        {
            session.Run("Stop-SpotRehearsal");
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Writes what ssh needs to reach the machines without a question.</summary>
    private static void Configure(Session session, string folder)
    {
        var text = string.Concat(session.Run("$All").Select((one, index) => string.Create(CultureInfo.InvariantCulture, $"""
            Host h{index}
                HostName {one.Properties["HostName"].Value}
                Port {one.Properties["Port"].Value}
                User {one.Properties["UserName"].Value}
                IdentityFile "{one.Properties["KeyPath"].Value}"

            """)));
        File.WriteAllText(Path.Combine(folder, "config"), text + $"""
            Host *
                IdentitiesOnly yes
                StrictHostKeyChecking yes
                UserKnownHostsFile "{folder}/known"

            """);
        foreach (var one in session.Run("$All"))
        {
            File.AppendAllText(Path.Combine(folder, "known"), Shell(
                folder, $"ssh-keyscan -t ed25519 -p {one.Properties["Port"].Value} {one.Properties["HostName"].Value} 2>/dev/null"));
        }
    }

    /// <summary>Closes all connections, so that the next command opens its own.</summary>
    private static void Forget(Session session) => session.Run("""
        $pool = $One.GetType().Assembly.GetType('SpotTrainer.Remote.SshConnectionPool')
        $pool.GetMethod('CloseEverywhere').Invoke($null, @([Func[SpotTrainer.Remote.TrainingHost,bool]] { $true }))
        """);

    private static void Pair(string name, Func<double> ours, Func<double> theirs, int rounds = Rounds)
    {
        // The first round warms up both.
        var (own, other) = (new List<double>(), new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            own.Add(ours());
            other.Add(theirs());
        }

        Row(name, Measure.Median(own.Skip(1)), Measure.Median(other.Skip(1)));
    }

    private static void Row(string name, double own, double other) => Console.WriteLine(
        string.Create(CultureInfo.InvariantCulture, $"{name,-44}{own,13:0.000}{other,10:0.000}{own / other,8:0.00}"));

    private static double Time(Action action, Action? before = null)
    {
        before?.Invoke();
        var clock = Stopwatch.StartNew();
        action();
        return clock.Elapsed.TotalSeconds;
    }

    private static double Cpu(Action action)
    {
        using var self = Process.GetCurrentProcess();
        var start = self.TotalProcessorTime;
        action();
        self.Refresh();
        return (self.TotalProcessorTime - start).TotalSeconds;
    }

    /// <summary>Returns by how many megabytes the largest working set exceeds the one before.</summary>
    private static double Above(Action action)
    {
        var before = Measure.Idle();
        return (Measure.Peak(action) - before) / 1e6;
    }

    private static void Count(Session session, string script)
    {
        var bytes = Convert.ToInt64(((PSObject)session.Run(script)[^1]).BaseObject, CultureInfo.InvariantCulture);
        if (Math.Abs(bytes - Gibibyte) > 200)
        {
            throw new InvalidOperationException($"{bytes} bytes arrived.");
        }
    }

    private static double ShellCpu(string folder, string command) => Shell(folder, $"TIMEFORMAT='%U %S'; {{ time {{ {command}; }}; }} 2>&1")
        .Trim().Split('\n')[^1].Split(' ').Sum(part => double.Parse(part, CultureInfo.InvariantCulture));

    private static string Shell(string folder, string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { WorkingDirectory = folder, RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return shell.ExitCode == 0 ? output : throw new InvalidOperationException($"{command}: exit code {shell.ExitCode}");
    }
}
