using System.Globalization;
using SpotTrainer.Files;
using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Files;

/// <summary>What -Mirror deletes, and what it never deletes.</summary>
public sealed class MirrorTests : IAsyncLifetime
{
    private TransferGround ground = null!;
    private string source = "";
    private string home = "";
    private string data = "";

    public async ValueTask InitializeAsync()
    {
        ground = await TransferGround.StartAsync();
        source = Directory.CreateDirectory(ground.Folder["source"]).FullName;
        home = ground.Folder["home"];
        data = Directory.CreateDirectory(Path.Combine(home, "spottrainer", "data")).FullName;
    }

    public ValueTask DisposeAsync()
    {
        ground.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("spottrainer/data")]
    [InlineData("spottrainer/data/below & [it] \\")]
    [InlineData("elsewhere")]
    public async Task What_no_transfer_has_brought_stays(string destination)
    {
        var there = Path.Combine(home, destination);
        Write("gone.csv", "old");
        Write("changed.csv", "old");
        Write("kept.csv", "old");
        Write("sub/deep/gone.csv", "old");
        Write("mixed/gone.csv", "old");
        File.CreateSymbolicLink(Path.Combine(source, "link"), "kept.csv");
        Directory.CreateDirectory(Path.Combine(source, "empty"));
        Assert.Empty((await MirrorAsync(there)).Deleted);

        // A job writes files of its own, and changes one that was sent.
        Directory.CreateDirectory(Path.Combine(there, "derived"));
        await File.WriteAllTextAsync(Path.Combine(there, "derived", "clean.csv"), "result", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(there, "mixed", "result.csv"), "result", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(there, "changed.csv"), "result", TestContext.Current.CancellationToken);
        foreach (var path in new[] { "sub", "mixed", "empty" })
        {
            Directory.Delete(Path.Combine(source, path), recursive: true);
        }

        foreach (var path in new[] { "gone.csv", "changed.csv", "link" })
        {
            File.Delete(Path.Combine(source, path));
        }

        var mirrored = await MirrorAsync(there);

        Assert.Equal(
            ["empty/", "gone.csv", "link", "mixed/gone.csv", "sub/", "sub/deep/", "sub/deep/gone.csv"],
            mirrored.Deleted.Order(StringComparer.Ordinal));
        Assert.Equal(
            ["changed.csv", "derived/clean.csv", "kept.csv", "mixed/result.csv"],
            Directory.EnumerateFiles(there, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(there, path))
                .Order(StringComparer.Ordinal));
        Assert.Equal(["derived", "mixed"], Directory.EnumerateDirectories(there).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Empty((await MirrorAsync(there)).Deleted);
    }

    /// <summary>A full disk cuts a record off.</summary>
    [Fact]
    public async Task A_damaged_record_deletes_nothing()
    {
        Write("a", "a");
        Write("b", "b");
        await MirrorAsync(data);
        var record = Path.Combine(home, "spottrainer", "control", "sent");
        var bytes = await File.ReadAllBytesAsync(record, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(record, bytes[..(Array.IndexOf(bytes, (byte)0) + 5)], TestContext.Current.CancellationToken);
        File.Delete(Path.Combine(source, "a"));
        File.Delete(Path.Combine(source, "b"));

        Assert.Single((await MirrorAsync(data)).Deleted);
    }

    [Theory]
    [InlineData("")]
    [InlineData("spottrainer")]
    [InlineData("spottrainer/data/..")]
    [InlineData("spottrainer/control")]
    [InlineData("spottrainer/jobs/one")]
    public async Task The_home_folder_and_the_modules_own_are_refused(string destination)
    {
        Write("a", "a");
        Directory.CreateDirectory(Path.Combine(home, "spottrainer", "jobs", "one"));
        Directory.CreateDirectory(Path.Combine(home, "spottrainer", "control"));

        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => MirrorAsync(Path.Combine(home, destination)));

        Assert.Equal("MirrorRefused", error.Id);

        // Nothing is left of a call that was refused.
        Assert.Empty(Directory.EnumerateDirectories(home, ".spottrainer-incoming", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Nothing_is_deleted_while_a_job_runs()
    {
        Write("a", "a");
        var control = Directory.CreateDirectory(Path.Combine(home, "spottrainer", "control", "train-1")).FullName;
        var boot = (await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id", TestContext.Current.CancellationToken)).Trim();
        var stat = await File.ReadAllTextAsync("/proc/self/stat", TestContext.Current.CancellationToken);
        var start = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
        var process = Path.Combine(control, "pid");
        await File.WriteAllTextAsync(process, Line(start), TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => MirrorAsync(data));

        Assert.Equal(("JobsRunning", ErrorKind.ResourceBusy), (error.Id, error.Kind));
        Assert.Contains("train-1", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(data));

        // After a reboot, another process may have the number.
        await File.WriteAllTextAsync(process, Line(start + "1"), TestContext.Current.CancellationToken);
        Assert.Equal(["a"], (await MirrorAsync(data)).Files.Select(file => file.Path));

        string Line(string began) => string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} {boot} {began}\n");
    }

    private void Write(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(source, path))!);
        File.WriteAllText(Path.Combine(source, path), content);
    }

    private Task<TransferOutcome> MirrorAsync(string there)
    {
        var set = SourceSet.Find([new SendSource(source)], new IgnoreRules([], [], ignoreCase: false), TestContext.Current.CancellationToken);
        return ground.SendAsync(new SendOrder { Destination = there, Source = source, Items = set.Items, IsExtra = set.IsExtra });
    }
}
