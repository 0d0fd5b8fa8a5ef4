using System.Text.Json;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Pester;

/// <summary>One run of the tests that are written in PowerShell: in the shell, with the packaged module, on one rehearsal.</summary>
internal sealed record PesterRun(IReadOnlyDictionary<string, PesterResult> Results, string Output, IReadOnlyList<string> Left)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Runs the tests of a folder; it is an error when no results come of it.</summary>
    public static async Task<PesterRun> RunAsync(string tests)
    {
        using var folder = new TemporaryFolder();
        var path = folder["results.json"];
        using var shell = ShellProcess.Start(
            [
                "-NonInteractive", "-File", Path.Combine(BuildFacts.PesterTests, "Run.ps1"),
                "-Pester", BuildFacts.Pester, "-ResultPath", path, "-Path", tests,
            ],
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["SPOTTRAINER_MODULE"] = BuildFacts.Manifest,

                // By this folder it is known what the run leaves.
                ["TMPDIR"] = Directory.CreateDirectory(folder["tmp"]).FullName,
            });
        var code = await shell.WaitAsync(Limit);
        Assert.True(code == 0 && File.Exists(path), $"Pester gave no results; exit code {code}.\n{shell.Output}\n{shell.Error}");
        var results = JsonSerializer.Deserialize<PesterResult[]>(await File.ReadAllTextAsync(path))!;
        Assert.NotEmpty(results);
        return new PesterRun(
            results.ToDictionary(result => $"{result.File}: {result.Name}", StringComparer.Ordinal),
            shell.Output,
            [.. Directory.GetDirectories(folder["tmp"], "spottrainer-*"), .. Programs.With(folder["tmp"] + "/spottrainer-")]);
    }
}

/// <summary>What came of one test.</summary>
/// <param name="File">The name of the file in which it stands.</param>
/// <param name="Name">Its name, with those of the blocks around it.</param>
/// <param name="Result">Passed, Failed, Skipped, Inconclusive or NotRun.</param>
/// <param name="Message">What failed.</param>
internal sealed record PesterResult(string File, string Name, string Result, string Message);
