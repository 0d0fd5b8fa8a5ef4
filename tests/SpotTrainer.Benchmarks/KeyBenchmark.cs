using System.Diagnostics;
using System.Globalization;

namespace SpotTrainer.Benchmarks;

/// <summary>Compares ConvertTo-PuttyKey with puttygen: a thousand files in one pipeline, and one file with a passphrase.</summary>
internal static class KeyBenchmark
{
    private const int Files = 1000;
    private const int Distinct = 20;
    private const int Rounds = 3;
    private const string Costs = "memory=8192,passes=13,parallelism=1";

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
            session.Run("Import-Module ./SpotTrainer.psd1");
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
        var (ours, theirs) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            ours.Add(Time(() => session.Run($"$null = ConvertTo-PuttyKey -Path '{folder}/*.pem' -Force")));
            theirs.Add(
                Time(() => Start(
                    "sh", "-c", $"for key in '{folder}'/*.pem; do puttygen \"$key\" -O private -o \"${{key%.pem}}.ppk\" || exit 1; done")));
        }

        Print($"{Files} RSA-2048 files, keys per second", Files / ImportBenchmark.Median(ours), Files / ImportBenchmark.Median(theirs));
        Print("  the first round of these, cold", Files / ours[0], Files / theirs[0]);
    }

    private static void Encrypted(Session session, string folder)
    {
        var secret = Path.Combine(folder, "secret");
        File.WriteAllText(secret, "made for benchmarks");
        session.Run(
            "$global:secret = [securestring]::new(); 'made for benchmarks'.ToCharArray() | ForEach-Object { $secret.AppendChar($_) }");
        var (ours, theirs) = (new List<double>(), new List<double>());
        for (var round = 0; round <= 5 * Rounds; round++)
        {
            var (one, other) = (
                Time(() => session.Run($"$null = ConvertTo-PuttyKey '{folder}/0.pem' '{folder}/ours.ppk' -NewPassphrase $secret -Argon2Memory 8192 -Argon2Passes 13 -Argon2Parallelism 1 -Force")),
                Time(() => Start(
                    "puttygen", $"{folder}/0.pem", "-O", "private", "-o", $"{folder}/theirs.ppk", "-P", "--new-passphrase", secret,
                    "--ppk-param", Costs)));
            if (round > 0)
            {
                ours.Add(1000 * one);
                theirs.Add(1000 * other);
            }
        }

        Print($"one PPK 3 with a passphrase ({Costs}), ms", ImportBenchmark.Median(ours), ImportBenchmark.Median(theirs));
    }

    private static void Print(string what, double ours, double theirs) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{what}: SpotTrainer {ours:0.0}, puttygen {theirs:0.0}, ratio {ours / theirs:0.00}"));

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
