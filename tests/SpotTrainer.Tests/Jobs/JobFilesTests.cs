using System.Text;
using SpotTrainer.Files;
using SpotTrainer.Jobs;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Jobs;

/// <summary>What is a result of a job: the script on the host, with the system's shell and tools, and how its list is read.</summary>
[Trait("Speed", "Slow")]
public sealed class JobFilesTests : IDisposable
{
    private const string Folder = "~/spottrainer/jobs/job-1";

    /// <summary>Writes what stands in the data folder, before the job.</summary>
    private const string Sent = """
        mkdir -p sub 'with space'
        for name in same 'with space/same' touched rewritten sub/renamed sub/deleted .hidden -n; do echo "content of $name" > "./$name"
        done
        ln -s same link-before; ln -s nowhere dangling-before; mkfifo pipe-before

        """;

    private readonly TemporaryFolder home = new();

    public JobFilesTests()
    {
        foreach (var name in new[] { "jobs/job-1", "control/job-1", "data" })
        {
            Directory.CreateDirectory(home["spottrainer/" + name]);
        }

        File.CreateSymbolicLink(home["spottrainer/jobs/job-1/data"], "../../data");
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        // .NET cannot name a file whose name is not UTF-8.
        Programs.RunAsync("rm", "-rf", home["spottrainer"]).GetAwaiter().GetResult().Succeeded();
        home.Dispose();
    }

    [Fact]
    public async Task What_a_job_makes_or_changes_in_the_data_folder_is_a_result_and_nothing_else_there()
    {
        await InDataAsync(Sent);
        await NoteAsync();
        await InDataAsync("""
            cat same 'with space/same' > /dev/null
            mkdir -p new/sub; echo x > new/sub/x; echo x > new/y
            touch -r touched ~/stamp; before=$(stat -c %z touched); echo 'CONTENT OF touched' > touched
            until touch -r ~/stamp touched; [ "$(stat -c %z touched)" != "$before" ]; do :; done
            echo 'another content' > rewritten.new; mv rewritten.new rewritten
            mv sub/renamed sub/newname; rm sub/deleted

            """);
        var list = await ListAsync();
        Assert.Equal(["data/new/sub/x", "data/new/y", "data/rewritten", "data/sub/newname", "data/touched"], Names(list));
        Assert.Empty(list.Problems);

        // The size and the time alone would not tell this one.
        var now = (await RecordsAsync("touched")).Split(' ');
        var then = (await File.ReadAllTextAsync(home["spottrainer/control/job-1/before"], Stop)).Split('\0')
            .Single(record => record.EndsWith(" touched", StringComparison.Ordinal)).Split(' ');
        Assert.Equal(then[..2], now[..2]);
    }

    [Fact]
    public async Task What_is_sent_while_a_job_runs_is_no_result_until_the_job_changes_it()
    {
        await InDataAsync(Sent);
        await NoteAsync();
        await InDataAsync("echo sent > later; echo sent > 'later\nstill'; mkdir -p more; echo sent > more/later; echo sent > same");
        var records = await RecordsAsync("later", "later\nstill", "more/later", "same");
        await File.WriteAllTextAsync(home["spottrainer/control/sent"], records, Stop);
        Assert.Empty(Names(await ListAsync()));

        await InDataAsync("echo changed > more/later");
        Assert.Equal(["data/more/later"], Names(await ListAsync()));

        // What is sent again is as it was sent.
        await InDataAsync("echo sent > more/later");
        await File.AppendAllTextAsync(home["spottrainer/control/sent"], await RecordsAsync("more/later"), Stop);
        Assert.Empty(Names(await ListAsync()));
    }

    [Fact]
    public async Task Files_that_are_called_like_the_module_s_own_are_the_job_s()
    {
        await NoteAsync();
        await InAsync("control/job-1", "echo ours > log.txt; echo ours > status.json; echo 1 > pid; touch received; mkdir spottrainer");
        await InAsync("jobs/job-1", """
            for name in log.txt status.json status.json.new pid received run_notebook.py before sent train.ipynb.new; do echo job > "$name"
            done
            mkdir spottrainer control; echo job > spottrainer/log.txt; echo job > control/log.txt

            """);
        var list = await ListAsync();
        Assert.Equal(
            ["before", "control/log.txt", "log.txt", "pid", "received", "run_notebook.py", "sent", "spottrainer/log.txt", "status.json",
                "status.json.new", "train.ipynb.new"], Names(list));
        var own = list.Files.Where(file => file.IsOwn).Select(file => file.Name);
        Assert.Equal(["log.txt", "status.json"], own.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Names_of_every_kind_are_read_and_one_that_is_not_UTF_8_is_named()
    {
        string[] names =
        [
            "a\nb", " a ", "--- 1 2 3 x", "-rf", "dff 1 2 3 x", "\u5b66\u4e60.csv", "e\u0301\u202e.txt", "a\\b", "'\"$(x)`!", "\ud83d\ude00",
        ];
        await NoteAsync();
        foreach (var name in names)
        {
            await File.WriteAllTextAsync(home["spottrainer/data/" + name], "x", Stop);
            await File.WriteAllTextAsync(home["spottrainer/jobs/job-1/" + name], "x", Stop);
        }

        const string latin = "name=$(printf 'caf\\351.txt'); echo x > \"$name\"";
        await InDataAsync(latin);
        await InAsync("jobs/job-1", latin);
        var list = await ListAsync();
        Assert.Equal(names.Concat(names.Select(name => "data/" + name)).Order(StringComparer.Ordinal), Names(list));
        Assert.Equal(
            ["caf\\xe9.txt: Its name is not UTF-8.", "data/caf\\xe9.txt: Its name is not UTF-8."],
            list.Problems.Select(problem => $"{new TransferProblem(problem)}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_no_file_is_named_and_so_is_a_link_to_nothing()
    {
        const string make = """
            mkfifo pipe; ln -s nowhere dangling; ln -s circle circle; ln -s /dev/null device
            python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'

            """;
        await InDataAsync(Sent);
        await NoteAsync();
        await InDataAsync(make);
        await InAsync("jobs/job-1", make);
        var list = await ListAsync();
        Assert.Empty(Names(list));
        string[] expected =
        [
            "circle: The link leads back to where it is.", "dangling: The link leads to nothing.",
            "device: The link leads to something that is not a file.", "pipe: It is a named pipe.", "socket: It is a socket.",
        ];
        Assert.Equal(
            expected.Concat(expected.Select(problem => "data/" + problem)).Order(StringComparer.Ordinal),
            list.Problems.Select(problem => $"{new TransferProblem(problem)}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_job_that_noted_nothing_has_no_results_in_the_data_folder()
    {
        await InDataAsync(Sent);
        await InAsync("jobs/job-1", "echo x > own");
        Assert.Equal(["own"], Names(await ListAsync()));
    }

    [Theory]
    [InlineData("rm data", "own")]
    [InlineData("rm -r ../../data", "own")]
    [InlineData("rm data; mkdir data; echo x > data/x", "data/x", "own")]
    public async Task A_data_folder_that_is_gone_or_the_job_s_own_is_no_fault(string change, params string[] expected)
    {
        await InDataAsync("echo x > sent");
        await NoteAsync();
        await InAsync("jobs/job-1", $"echo x > own; {change}");
        var list = await ListAsync();
        Assert.Equal(expected, Names(list));
        Assert.Empty(list.Problems);
    }

    [Fact]
    public async Task A_host_without_GNU_find_fails_instead_of_listing_nothing()
    {
        Directory.CreateDirectory(home["bin"]);
        var find = home.Write("bin/find", "#!/bin/sh\necho 'find: unrecognized: -printf' >&2\nexit 1\n");
        File.SetUnixFileMode(find, UnixFileMode.UserExecute | UnixFileMode.UserRead);
        foreach (var command in new[] { JobFiles.Note(Folder, "job-1"), JobFiles.List(Folder, "job-1") })
        {
            var result = await RunAsync($"PATH={home["bin"]}:$PATH; {command}");
            Assert.NotEqual(0, result.Status);
            Assert.Contains("unrecognized", result.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("jff 1 2 3 ../x")]
    [InlineData("jff 1 2 3 a/../../x")]
    [InlineData("jff 1 2 3 /etc/x")]
    [InlineData("jff 1 2 3 a//x")]
    [InlineData("dff 1 2 3 ../x")]
    [InlineData("cff 1 2 3 ../x")]
    [InlineData("jff 1 2 3 ")]
    public void A_path_that_leads_elsewhere_is_refused_and_named(string record)
    {
        var list = new ResultList(Encoding.UTF8.GetBytes($"jff 1 2 3 good\0{record}\0"));
        Assert.Equal(["good"], Names(list));
        Assert.Equal(LeftOutReason.NameUnsafe, Assert.Single(list.Problems).Reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("jff 1 2 3")]
    [InlineData("jff x 2 3 a")]
    [InlineData("jff -1 2 3 a")]
    [InlineData("ff 1 2 3 a")]
    [InlineData("good")]
    public void A_damaged_list_is_an_error(string record) => Assert.Equal(
        "ResultListDamaged",
        Assert.Throws<SpotTrainer.Foundation.SpotTrainerException>(() => new ResultList(Encoding.UTF8.GetBytes(record + "\0"))).Id);

    /// <summary>What the commands must not have inside the single quotes, for sh, csh, and fish.</summary>
    [Fact]
    public void The_script_can_stand_in_single_quotes_in_any_shell()
    {
        var line = SpotTrainer.Foundation.EmbeddedScript.ReadLine("job_files.sh");
        Assert.DoesNotContain(line, letter => letter is '\'' or '!' or '\n');
        Assert.Contains($"'{line}'", JobFiles.List(Folder, "job-1"), StringComparison.Ordinal);
    }

    private static string[] Names(ResultList list) =>
        [.. list.Files.Where(file => !file.IsOwn).Select(file => file.Name).Order(StringComparer.Ordinal)];

    private async Task NoteAsync() => (await RunAsync(JobFiles.Note(Folder, "job-1"))).Succeeded();

    private async Task<ResultList> ListAsync()
    {
        var result = await RunAsync($"{JobFiles.List(Folder, "job-1")} > ~/list");
        result.Succeeded();
        Assert.Equal("", result.Error);
        return new ResultList(await File.ReadAllBytesAsync(home["list"], Stop));
    }

    /// <summary>The records of files of the data folder, as a sender writes them.</summary>
    private async Task<string> RecordsAsync(params string[] names) => string.Concat(await Task.WhenAll(names.Select(async name =>
        (await Programs.RunAsync("find", home["spottrainer/data/" + name], "-printf", "%s %T@ %C@ ")).Succeeded() + name + "\0")));

    private Task InDataAsync(string script) => InAsync("data", script);

    private async Task InAsync(string folder, string script) =>
        (await RunAsync($"cd ~/spottrainer/{folder} && {{ {script}\n}}")).Succeeded();

    private Task<Programs.Result> RunAsync(string script)
    {
        var start = Programs.Describe("sh", "-c", script);
        start.Environment["HOME"] = home.Path;
        return Programs.RunAsync(start);
    }
}
