using System.Diagnostics;
using System.Globalization;

namespace SpotTrainer.Benchmarks;

/// <summary>
/// Compares ConvertTo-PuttyKey with puttygen: a thousand files in one pipeline, and one file with a passphrase. Both run in turn, and the
/// ratio is that of each pair, so that a load on the machine strikes both.
/// </summary>
internal static class KeyBenchmark
{
    private const int Files = 1000;
    private const int Distinct = 20;
    private const int Rounds = 3;
    private const string Costs = "memory=8192,passes=13,parallelism=1";
    private const string Import = "Import-Module ./SpotTrainer.psd1";
    private const string Secret =
        "$global:secret = [securestring]::new(); 'made for benchmarks'.ToCharArray() | ForEach-Object { $secret.AppendChar($_) }";

    public static void Run()
    {
        var folder = Directory.CreateTempSubdirectory("bench-").FullName;
        try
        {
            for (var i = 0; i < Files; i++)
            {
                var path = Path.Combine(folder, $"{i}.pem");
                if (i < Distinct)
                {
                    Start("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-C", "made-for-benchmarks", "-f", path);
                }
                else
                {
                    File.Copy(Path.Combine(folder, $"{i % Distinct}.pem"), path);
                }
            }

            using var session = new Session();
            session.Run(Import);
            Many(session, folder);
            Encrypted(session, folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Many(Session session, string folder)
    {
        var convert = $"$null = ConvertTo-PuttyKey -Path '{folder}/*.pem' -Force";
        void Puttygen() => Start(
            "sh", "-c", $"for key in '{folder}'/*.pem; do puttygen \"$key\" -O private -o \"${{key%.pem}}.ppk\" || exit 1; done");
        void Fresh() => Array.ForEach(Directory.GetFiles(folder, "*.ppk"), File.Delete);

        // The first pair is a warm-up.
        Fresh();
        session.Run(convert);
        Compare($"{Files} RSA-2048 files, warm", Rounds, () => session.Run(convert), Puttygen, Fresh);
        Compare("  the same, over existing files", Rounds, () => session.Run(convert), Puttygen, () => { });
        Compare("  the same, new files, in a new process that also imports the module", Rounds, () => InNewProcess(folder, convert),
            Puttygen, Fresh);
    }

    private static void Encrypted(Session session, string folder)
    {
        var secret = Path.Combine(folder, "secret");
        File.WriteAllText(secret, "made for benchmarks");
        session.Run(Secret);
        var convert = $"$null = ConvertTo-PuttyKey '{folder}/0.pem' '{folder}/ours.ppk' -Force -NewPassphrase $secret"
            + " -Argon2Memory 8192 -Argon2Passes 13 -Argon2Parallelism 1";
        void Puttygen() => Start(
            "puttygen", $"{folder}/0.pem", "-O", "private", "-o", $"{folder}/theirs.ppk", "-P", "--new-passphrase", secret, "--ppk-param",
            Costs);
        for (var warmUp = 0; warmUp < 5; warmUp++)
        {
            session.Run(convert);
        }

        Compare($"one PPK 3 with a passphrase ({Costs}), warm", 4 * Rounds, () => session.Run(convert), Puttygen, () => { });

        // Without the start of the process, in which a user already is.
        Compare("  the first one of a process", 3 * Rounds,
            () => InNewProcess(folder, $"{Secret}; $clock = [System.Diagnostics.Stopwatch]::StartNew(); {convert}; "
                + "[Console]::WriteLine($clock.Elapsed.TotalSeconds.ToString([cultureinfo]::InvariantCulture))"),
            Puttygen, () => { },
            seconds: () => double.Parse(File.ReadAllText(Path.Combine(folder, "output")), CultureInfo.InvariantCulture));
    }

    private static void InNewProcess(string folder, string script) => Start(
        "sh", "-c", "\"$0\" import once \"$1\" > \"$2\"", Environment.ProcessPath!, $"{Import}; {script}", Path.Combine(folder, "output"));

    private static void Compare(
        string what, int rounds, Action ours, Action theirs, Action before, Func<double>? seconds = null)
    {
        var pairs = new List<(double Ours, double Theirs)>();
        for (var round = 0; round < rounds; round++)
        {
            before();
            var whole = Time(ours);
            var mine = seconds?.Invoke() ?? whole;
            before();
            pairs.Add((mine, Time(theirs)));
        }

        var ratios = pairs.Select(pair => pair.Ours / pair.Theirs).Order().ToList();
        var (one, other, ratio) = (Measure.Median(pairs.Select(pair => pair.Ours)),
            Measure.Median(pairs.Select(pair => pair.Theirs)), Measure.Median(ratios));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: SpotTrainer {one:0.000} s, puttygen {other:0.000} s, ")
            + string.Create(CultureInfo.InvariantCulture,
            $"time ratio {ratio:0.000} ({ratios[0]:0.000} to {ratios[^1]:0.000}), speed {1 / ratio:0.0}x"));
    }

    private static double Time(Action action)
    {
        var clock = Stopwatch.StartNew();
        action();
        return clock.Elapsed.TotalSeconds;
    }

    private static void Start(params string[] command)
    {
        using var process = Process.Start(command[0], command.Skip(1));
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{command[0]} failed.");
        }
    }
}
