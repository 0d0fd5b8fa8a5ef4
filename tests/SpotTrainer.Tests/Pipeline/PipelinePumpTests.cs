using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;
using SpotTrainer.Pipeline;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Pipeline;

/// <summary>The output of tasks reaches the pipeline, and no task runs ahead of a reader that is slow or has stopped.</summary>
public sealed class PipelinePumpTests : IDisposable
{
    private readonly Runspace runspace;
    private readonly ConcurrentQueue<string> events = new();

    public PipelinePumpTests()
    {
        var state = InitialSessionState.CreateDefault2();
        state.Commands.Add(new SessionStateCmdletEntry("Invoke-PumpTest", typeof(PumpTestCommand), helpFileName: null));
        runspace = RunspaceFactory.CreateRunspace(state);
        runspace.Open();
    }

    public void Dispose() => runspace.Dispose();

    [Fact]
    public async Task A_task_waits_until_its_object_is_taken_and_log_lines_never_wait()
    {
        using var gate = new ManualResetEventSlim();
        using var shell = Script("Invoke-PumpTest $work | ForEach-Object { if ($_ -eq 0) { $gate.Wait() }; $_ }", async (cmdlet, stop) =>
        {
            for (var number = 0; number < 100; number++)
            {
                for (var line = 0; line < 100; line++)
                {
                    cmdlet.Pump.Verbose("a line");
                }

                events.Enqueue($"emits {number}");
                await cmdlet.Pump.ObjectAsync(number);
            }
        }, ("gate", gate));
        var running = shell.InvokeAsync();
        await Programs.UntilAsync(() => Task.FromResult(events.Contains("emits 0")), () => "Nothing was emitted.");

        // The reader holds the first object, so the task must wait.
        await Task.WhenAny(running, Task.Delay(200, TestContext.Current.CancellationToken));
        Assert.Equal(["emits 0"], events);
        gate.Set();
        Assert.Equal(Enumerable.Range(0, 100), (await running).Select(one => (int)one.BaseObject));
    }

    [Fact]
    public async Task A_reader_that_needs_no_more_objects_ends_the_waiting_task()
    {
        using var shell = Script("Invoke-PumpTest $work | Select-Object -First 1; 'after'", async (cmdlet, stop) =>
        {
            try
            {
                await cmdlet.Pump.ObjectAsync("taken");
                events.Enqueue("was taken");
                await cmdlet.Pump.ObjectAsync("too late");
                events.Enqueue("was taken as well");
            }
            catch (OperationCanceledException)
            {
                events.Enqueue("nobody needs more");
                throw;
            }
        });
        Assert.Equal(["taken", "after"], (await shell.InvokeAsync()).Select(one => (string)one.BaseObject));
        Assert.Equal(["was taken", "nobody needs more"], events);
    }

    [Fact]
    public async Task After_a_stop_nothing_waits()
    {
        using var held = new ManualResetEventSlim();
        using var shell = Script("Invoke-PumpTest $work | ForEach-Object { $held.Set(); while ($true) { } }", async (cmdlet, stop) =>
        {
            await cmdlet.Pump.ObjectAsync("held by the reader");
            try
            {
                await cmdlet.Pump.ObjectAsync("too late");
            }
            finally
            {
                events.Enqueue("the task has ended");
            }
        }, ("held", held));
        var running = shell.InvokeAsync();
        await Programs.UntilAsync(() => Task.FromResult(held.IsSet), () => "Nothing was emitted.");
        await shell.StopAsync(callback: null, state: null);
        await Assert.ThrowsAnyAsync<Exception>(() => running);
        Assert.DoesNotContain(events, line => line != "the task has ended");
    }

    [Theory]
    [InlineData("Invoke-PumpTest $work -WhatIf", false)]
    [InlineData("Invoke-PumpTest $work -Confirm:$false", true)]
    public async Task A_task_can_call_ShouldProcess(string command, bool expected)
    {
        using var shell = Script(
            command, async (cmdlet, stop) => await cmdlet.Pump.ObjectAsync(await cmdlet.Pump.ShouldProcessAsync("a thing", "change it")));
        Assert.Equal(expected, Assert.Single(await shell.InvokeAsync()).BaseObject);
    }

    [Fact]
    public async Task If_nobody_can_answer_the_question_it_fails_in_the_task_and_the_pipeline_continues()
    {
        using var shell = Script("Invoke-PumpTest $work; 'after'", async (cmdlet, stop) =>
        {
            var error = await Assert.ThrowsAnyAsync<Exception>(
                () => cmdlet.Pump.ShouldContinueAsync("Really?", "A question", new AnswersForAll()));
            await cmdlet.Pump.ObjectAsync(error is HostException or PSInvalidOperationException);
        });
        Assert.Equal([true, "after"], (await shell.InvokeAsync()).Select(one => one.BaseObject));
    }

    /// <summary>PowerShell shows the error of a script block upstream, but only a stop for a command that took the object and failed.</summary>
    [Theory]
    [InlineData("ForEach-Object { throw 'downstream' }", "downstream", "nobody has it")]
    [InlineData("ForEach-Object { $_; Write-Error 'downstream' -ErrorAction Stop }", "downstream", "was taken")]
    [InlineData(
        "Get-Item -LiteralPath { \"/no/$_\" } -ErrorAction Stop", "Cannot find path '/no/lost' because it does not exist.", "was taken")]
    public async Task An_error_downstream_reaches_the_user_and_the_task_learns_whether_a_command_has_the_object(
        string downstream, string error, string expected)
    {
        using var shell = Script($"try {{ $got = Invoke-PumpTest $work | {downstream} }} catch {{ \"$_\" }} $got", async (cmdlet, stop) =>
        {
            try
            {
                await cmdlet.Pump.ObjectAsync("lost");
                events.Enqueue("was taken");
            }
            catch (OperationCanceledException)
            {
                events.Enqueue("nobody has it");
            }
        });
        Assert.Equal([error, null], (await shell.InvokeAsync()).Select(one => (string?)one?.BaseObject));
        Assert.Equal([expected], events);
    }

    [Fact]
    public async Task An_object_that_the_reader_holds_when_the_user_stops_counts_as_lost()
    {
        using var held = new ManualResetEventSlim();
        using var shell = Script("$got = Invoke-PumpTest $work | ForEach-Object { $held.Set(); while ($true) { } }", async (cmdlet, stop) =>
        {
            try
            {
                await cmdlet.Pump.ObjectAsync("held by the reader");
                events.Enqueue("was taken");
            }
            catch (OperationCanceledException)
            {
                events.Enqueue("nobody has it");
            }
        }, ("held", held));
        var running = shell.InvokeAsync();
        await Programs.UntilAsync(() => Task.FromResult(held.IsSet), () => "Nothing was emitted.");
        await shell.StopAsync(callback: null, state: null);
        await Assert.ThrowsAnyAsync<Exception>(() => running);
        Assert.Equal(["nobody has it"], events);
    }

    [Fact]
    public async Task On_the_pipeline_s_own_thread_a_call_writes_immediately_and_in_order()
    {
        using var shell = Script("Invoke-PumpTest $work -OnThread", async (cmdlet, stop) => await cmdlet.Pump.ObjectAsync("from the task"));
        Assert.Equal(["on the thread", "from the task", "at the end"], (await shell.InvokeAsync()).Select(one => (string)one.BaseObject));
    }

    private PowerShell Script(
        string script, Func<PumpTestCommand, CancellationToken, Task> work, params (string Name, object Value)[] variables)
    {
        var shell = PowerShell.Create(runspace);
        shell.AddScript($"param($work{string.Concat(variables.Select(variable => $", ${variable.Name}"))}) {script}")
            .AddParameter("work", work);
        foreach (var (name, value) in variables)
        {
            shell.AddParameter(name, value);
        }

        return shell;
    }
}

/// <summary>A cmdlet that does the work that the test passes to it.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "PumpTest", SupportsShouldProcess = true)]
public sealed class PumpTestCommand : StepCmdlet
{
    /// <summary>The work.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public object Work { get; set; } = string.Empty;

    /// <summary>Whether the cmdlet also writes on its own thread.</summary>
    [Parameter]
    public SwitchParameter OnThread { get; set; }

    internal PipelinePump Pump => Output;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (OnThread)
        {
            Output.ObjectAsync("on the thread").GetAwaiter().GetResult();
        }

        var work = (Func<PumpTestCommand, CancellationToken, Task>)(Work is PSObject wrapped ? wrapped.BaseObject : Work);
        Start(Work, stop => work(this, stop));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        if (OnThread)
        {
            Output.ObjectAsync("at the end").GetAwaiter().GetResult();
        }
    }
}
