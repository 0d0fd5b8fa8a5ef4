using System.Collections;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Shell;

/// <summary>The script of about_SpotTrainer_Unattended, as it stands there, in a process of its own.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class UnattendedTests(RehearsalSession session) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("print('the model is trained')", 0, "the model is trained")]
    [InlineData("raise ValueError('too few rows')", 1, "too few rows")]
    public async Task The_script_of_the_page_fetches_the_results_of_every_job_and_ends_with_its_exit_code(string cell, int code, string found)
    {
        Directory.CreateDirectory(folder["data"]);
        folder.Write("data/rows.csv", "1\n");
        File.Copy(session.Notebook($"unattended-{code}.ipynb", cell), folder["train.ipynb"]);
        var environment = ((IDictionary)session.Rehearsal.Properties["Environment"].Value).Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!, StringComparer.Ordinal);
        environment["PSModulePath"] = Path.GetDirectoryName(Path.GetDirectoryName(BuildFacts.Package))!;

        // The shell has no -WorkingDirectory, which Task Scheduler sets.
        var script = folder.Write("train.ps1", Script().Replace("-Name night", $"-Name night-{code}", StringComparison.Ordinal));
        using var shell = ShellProcess.Start(["-NonInteractive", "-Command", $"Set-Location '{folder.Path}'; & '{script}'"], environment);
        Assert.True(await shell.WaitAsync(Limit) == code, shell.Output + shell.Error);
        Assert.Equal(code != 0, shell.Error.Contains(found, StringComparison.Ordinal));
        Assert.Contains(found, await File.ReadAllTextAsync(folder["out/train.ipynb"], Stop), StringComparison.Ordinal);
        Assert.True(File.Exists(folder["out/spottrainer/log.txt"]));
        Assert.Equal(
            "terminated", Assert.Single(session.Require($"(Get-SpotTrainingInstance night-{code} -IncludeTerminated).State").Output).BaseObject);
    }

    /// <summary>The indented lines below the heading THE SCRIPT.</summary>
    private static string Script()
    {
        var page = File.ReadAllLines(Path.Combine(BuildFacts.Root, "docs", "en-US", "about_SpotTrainer_Unattended.help.txt"));
        var lines = page.SkipWhile(line => line != "THE SCRIPT").Skip(1)
            .TakeWhile(line => line.Length == 0 || line.StartsWith("        ", StringComparison.Ordinal));
        return string.Join('\n', lines.Select(line => line.Length == 0 ? line : line[8..]));
    }
}
