using System.Diagnostics;
using System.Text.Json;
using SpotTrainer.Foundation;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Jobs;

/// <summary>The job runner with the system's own Python and Jupyter: exit codes, the status file, and leftover processes.</summary>
[Trait("Speed", "Slow")]
public sealed class RunNotebookTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RunNotebookTests()
    {
        Directory.CreateDirectory(_folder["control"]);
        _folder.Write("control/run_notebook.py", EmbeddedScript.Read("run_notebook.py"));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        // A kernel's command line contains the path of its connection file, which is also in the folder.
        Assert.Empty(Programs.With(_folder.Path));
        _folder.Dispose();
    }

    [Fact]
    public async Task A_notebook_that_runs_to_the_end_succeeds()
    {
        Notebook("print('out' + 'put')\nopen('beside.txt', 'w').write('x')", "", "6 * 7");
        Assert.Equal(0, (await RunAsync("job.ipynb")).Status);

        var status = Status();
        Assert.Equal(("succeeded", 2, 2), (status.State, status.Cells, status.Cell));
        Assert.Null(status.Error);
        Assert.True(status.Ended >= status.Started);
        Assert.True(File.Exists(_folder["beside.txt"]));
        var executed = await File.ReadAllTextAsync(_folder["out.ipynb"], Stop);
        Assert.Contains("output", executed, StringComparison.Ordinal);
        Assert.Contains("42", executed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "null", 4)]
    [InlineData("", """{"name": "conda-env-tf-py", "display_name": "Python [conda env:tf]", "language": "python"}""", 4)]
    [InlineData("", """{"name": "tf2", "display_name": "My own"}""", 4)]
    [InlineData("\ufeff", """{"name": "python3", "display_name": "Python 3"}""", 4)]
    [InlineData("", """{"name": "python3", "display_name": "Python 3"}""", 5)]
    public async Task A_Python_notebook_runs_whatever_its_kernel_is_called(string mark, string kernel, int format)
    {
        _folder.Write("job.ipynb", $$"""
            {{mark}}{"cells": [{"cell_type": "code", "metadata": {}, "execution_count": null, "outputs": [], "source": "6 * 7"}],
             "metadata": {"kernelspec": {{kernel}}}, "nbformat": {{format}}, "nbformat_minor": 4}
            """);
        Assert.Equal(0, (await RunAsync("job.ipynb")).Status);
        Assert.Contains("42", await File.ReadAllTextAsync(_folder["out.ipynb"], Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cell_that_raises_is_reported_with_its_error_and_line()
    {
        Notebook("x = 1", "def f():\n    raise ValueError('no \\x1b[31mgood\\x1b[0m')\n\nf()\nprint('never')", "open('never', 'w')");
        var result = await RunAsync("job.ipynb");
        Assert.Equal(1, result.Status);
        Assert.Contains("cell 2: ValueError: no good", result.Error, StringComparison.Ordinal);

        var status = Status();
        Assert.Equal(("failed", 3, 2), (status.State, status.Cells, status.Cell));
        Assert.Equal(new JobError(2, "ValueError", "no good", "f()"), status.Error);
        Assert.False(File.Exists(_folder["never"]));
        Assert.Contains("ValueError", await File.ReadAllTextAsync(_folder["out.ipynb"], Stop), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("job.ipynb")]
    [InlineData("json.py")]
    public async Task Nothing_stands_beside_a_job_but_what_is_its_own(string name)
    {
        // json.py would be found by a runner that stands beside it.
        const string code = """
            import os
            assert set(os.listdir()) <= {'control', 'ipython', 'job.ipynb', 'json.py', 'out.ipynb', 'runtime'}, os.listdir()
            for name in 'status.json', 'status.json.new', 'out.ipynb.new', 'log.txt':
                open(name, 'w').write('mine')
            """;
        if (name == "json.py")
        {
            _folder.Write(name, code);
        }
        else
        {
            Notebook(code, "assert open('out.ipynb.new').read() == 'mine'");
        }

        Assert.Equal((0, null), ((await RunAsync(name)).Status, Status().Error));
        Assert.All(
            ["status.json", "status.json.new", "out.ipynb.new", "log.txt"], own => Assert.Equal("mine", File.ReadAllText(_folder[own])));
    }

    /// <summary>Somebody may mount a larger disk where the jobs are.</summary>
    [Fact]
    public async Task The_module_s_own_files_can_be_on_another_disk()
    {
        Notebook("print('out' + 'put')");
        var control = Directory.CreateDirectory($"/dev/shm/spottrainer-test-{Guid.NewGuid():N}");
        try
        {
            var disks = (await Programs.RunAsync("stat", "-c", "%d", control.FullName, _folder.Path)).Succeeded().Trim().Split('\n');
            Assert.NotEqual(disks[0], disks[1]);
            var run = Describe("job.ipynb");
            run.ArgumentList[^1] = Path.Combine(control.FullName, "status.json");
            Assert.Equal(0, (await Programs.RunAsync(run)).Status);
            Assert.Contains("output", await File.ReadAllTextAsync(_folder["out.ipynb"], Stop), StringComparison.Ordinal);
        }
        finally
        {
            control.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_cell_that_is_not_Python_is_reported()
    {
        Notebook("x = (1 +");
        Assert.Equal(1, (await RunAsync("job.ipynb")).Status);
        Assert.Equal(("failed", 1, "SyntaxError"), (Status().State, Status().Error!.Cell, Status().Error!.Type));
    }

    [Fact]
    public async Task A_kernel_that_dies_is_noticed()
    {
        Notebook("import os\nos._exit(3)");
        Assert.Equal(1, (await RunAsync("job.ipynb")).Status);
        Assert.Equal(("failed", 1, "DeadKernelError"), (Status().State, Status().Error!.Cell, Status().Error!.Type));
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("{}")]
    [InlineData("[1, 2]")]
    [InlineData("")]
    public async Task A_notebook_that_cannot_be_read_is_invalid_input(string text)
    {
        _folder.Write("job.ipynb", text);
        Assert.Equal(2, (await RunAsync("job.ipynb")).Status);
        var status = Status();
        Assert.Equal("failed", status.State);
        Assert.Contains("not a readable notebook", status.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_is_invalid_input()
    {
        Assert.Equal(2, (await RunAsync("none.ipynb")).Status);
        Assert.Equal(("failed", "FileNotFoundError"), (Status().State, Status().Error!.Type));
    }

    [Theory]
    [InlineData("job.ipynb")]
    [InlineData("job.py")]
    public async Task A_job_that_gets_SIGTERM_stops_and_leaves_no_process(string name)
    {
        const string code = "open('started', 'w').close()\nimport time\ntime.sleep(600)";
        Notebook(code, "open('never', 'w')");
        _folder.Write("job.py", code);
        using var process = Process.Start(Describe(name))!;
        await Programs.UntilAsync(
            () => Task.FromResult(File.Exists(_folder["started"])), () => File.ReadAllText(_folder["control/status.json"]));
        Assert.Equal(("running", 1), (Status().State, Status().Cell));
        (await Programs.RunAsync("kill", "-TERM", $"{process.Id}")).Succeeded();
        await process.WaitForExitAsync(Stop);
        Assert.Equal((143, "stopped"), (process.ExitCode, Status().State));
        Assert.False(File.Exists(_folder["never"]));
    }

    /// <summary>What the watchdog does: SIGTERM early, and again shortly before the end.</summary>
    [Theory]
    [InlineData("job.ipynb", "except KeyboardInterrupt")]
    [InlineData("job.py", "signal")]
    public async Task A_job_that_goes_on_after_SIGTERM_works_until_the_second_one_and_is_killed_only_after_that(string name, string how)
    {
        // Both write down each signal, go on, and hang after the second one.
        const string loop = "while not os.path.exists('go'):\n    time.sleep(0.05)\nopen('saved', 'w').close()\ntime.sleep(600)";
        const string heard = "open(f'heard{len(glob.glob(\"heard*\"))}', 'w').close()";
        var code = how == "signal"
            ? $"import glob, os, signal, time\nsignal.signal(signal.SIGTERM, lambda *_: {heard})\nopen('started', 'w').close()\n{loop}"
            : $"import glob, os, time\nopen('started', 'w').close()\nwhile True:\n  try:\n    {loop.Replace("\n", "\n    ")}\n  {how}:\n    {heard}";
        Notebook(code);
        _folder.Write("job.py", code);

        // The time that a killed job had is a test's own, so that it does not take 20 seconds.
        _folder.Write(
            "control/run_notebook.py",
            EmbeddedScript.Read("run_notebook.py").Replace("GRACE_SECONDS = 20", "GRACE_SECONDS = 1", StringComparison.Ordinal));
        using var process = Process.Start(Describe(name))!;
        await UntilAsync("started");
        await SignalAsync("heard0");
        Assert.False(process.HasExited);
        _folder.Write("go", "");
        await UntilAsync("saved");
        Assert.Equal("running", Status().State);
        await SignalAsync("heard1");
        await process.WaitForExitAsync(Stop);
        Assert.Equal((143, "stopped"), (process.ExitCode, Status().State));

        async Task SignalAsync(string answer)
        {
            (await Programs.RunAsync("kill", "-TERM", $"{process.Id}")).Succeeded();
            await UntilAsync(answer);
        }

        Task UntilAsync(string file) => Programs.UntilAsync(
            () => Task.FromResult(File.Exists(_folder[file])), () => $"no {file}: {File.ReadAllText(_folder["control/status.json"])}");
    }

    [Fact]
    public async Task A_job_that_exceeds_its_timeout_fails()
    {
        Notebook("import time\ntime.sleep(600)");
        Assert.Equal(1, (await RunAsync("job.ipynb", "--timeout", "3")).Status);
        Assert.Equal(("failed", "TimeoutError"), (Status().State, Status().Error!.Type));
    }

    [Fact]
    public async Task A_script_runs_in_its_own_folder()
    {
        _folder.Write("job.py", "import sys\nprint('output')\nopen('beside.txt', 'w').close()\n");
        var result = await RunAsync("job.py");
        Assert.Equal((0, "output\n"), (result.Status, result.Output));
        Assert.Equal(("succeeded", 1), (Status().State, Status().Cells));
        Assert.True(File.Exists(_folder["beside.txt"]));
    }

    [Fact]
    public async Task A_script_that_raises_is_reported_with_its_error_and_line()
    {
        _folder.Write("job.py", "import json\n\njson.loads('{')\n");
        Assert.Equal(1, (await RunAsync("job.py")).Status);
        var error = Status().Error!;
        Assert.Equal((1, "json.decoder.JSONDecodeError", "json.loads('{')"), (error.Cell, error.Type, error.Line));
    }

    [Fact]
    public async Task A_script_that_exits_is_reported_with_its_exit_code()
    {
        _folder.Write("job.py", "import sys\nsys.exit(5)\n");
        Assert.Equal(1, (await RunAsync("job.py")).Status);
        Assert.Equal(new JobError(1, "SystemExit", "the script ended with exit code 5", ""), Status().Error);
    }

    private void Notebook(params string[] cells) => _folder.Write("job.ipynb", JsonSerializer.Serialize(new
    {
        nbformat = 4,
        nbformat_minor = 4,
        metadata = new { kernelspec = new { name = "python3", display_name = "Python 3", language = "python" } },
        cells = cells.Select(
            source => new { cell_type = "code", metadata = new { }, execution_count = (int?)null, outputs = Array.Empty<object>(),
                source }),
    }));

    private Task<Programs.Result> RunAsync(string name, params string[] more) => Programs.RunAsync(Describe(name, more));

    private ProcessStartInfo Describe(string name, params string[] more)
    {
        var start = Programs.Describe(
            ["/usr/bin/python3", _folder["control/run_notebook.py"], _folder[name], "--output", _folder["out.ipynb"], "--status",
                _folder["control/status.json"], .. more]);
        start.Environment["HOME"] = _folder.Path;
        start.Environment["JUPYTER_RUNTIME_DIR"] = _folder["runtime"];
        start.Environment["IPYTHONDIR"] = _folder["ipython"];
        return start;
    }

    private JobStatusFile Status() =>
        JsonSerializer.Deserialize<JobStatusFile>(File.ReadAllText(_folder["control/status.json"]), JsonSerializerOptions.Web)!;

    private sealed record JobStatusFile(string State, int Cells, int Cell, double Started, double? Ended, JobError? Error);

    private sealed record JobError(int Cell, string Type, string Message, string Line);
}
