using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Notebooks;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>Starts jobs on hosts and waits for them. A job keeps running if the connection is lost.</summary>
internal static class JobRunner
{
    private const string Functions = UseRegistration.Functions + ProcessFile.Functions;

    /// <summary>What AWS told the watchdog about an interruption.</summary>
    private const string InterruptionNotice = "/run/spottrainer/interruption";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(300);

    /// <summary>The time limit for one check of a job.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Each attempt to reconnect also asks EC2.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);

    /// <summary>How long the wait tries to reconnect before it gives up. The job itself keeps running.</summary>
    private static readonly TimeSpan ReconnectTimeout = TimeSpan.FromMinutes(3);

    /// <summary>Sends the notebook and starts it, unless the request was started before.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>RemoteCommandFailed</c>, <c>NotebookLanguage</c>, those of <see cref="NotebookReader.Require"/>, and those of connecting.
    /// </exception>
    public static async Task<TrainingJob> EnsureAsync(
        TrainingHost host, JobRequest request, StepContext context, CancellationToken cancellationToken)
    {
        var (name, folder) = (request.Notebook, request.Folder);
        string Own(string file) => JobFiles.Quoted(request.Id, file);
        var process = Own(JobFiles.ProcessId);
        var register = $"register_use job \"$(process_of {process})\" {ShellText.Quote($"a job ({name})")} always TERM TERM";
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        var job = new TrainingJob(host, request.Id, name, folder, JobStatus.Unknown);
        if (!request.IsNew && await WasStartedAsync())
        {
            var status = await LookAsync(connection, job, context, cancellationToken);
            return new TrainingJob(host, request.Id, name, folder, status);
        }

        if (NotebookReader.Require(request.Path) is { IsPython: false } kernel)
        {
            await StackProbe.RequireKernelAsync(host, request.Prefix, request.Path, kernel, context, cancellationToken);
        }

        var remote = await connection.OpenFolderAsync(folder, cancellationToken);
        await remote.CreateAsync(cancellationToken);
        using (var content = File.OpenRead(request.Path))
        {
            await remote.WriteAsync(name, content, cancellationToken);
        }

        var own = await connection.OpenFolderAsync(JobFiles.Control(request.Id), cancellationToken);
        await own.CreateAsync(cancellationToken);
        await own.WriteTextAsync(JobFiles.Runner, EmbeddedScript.Read(JobFiles.Runner), cancellationToken);
        await ResultsTag.SetAsync(host, pending: true, context, cancellationToken);
        var python = ShellText.QuotePath(request.Prefix + "/bin/python");
        var quoted = ShellText.Quote(name);

        // The job gets its own session, so it survives the end of this connection.
        await connection.RequireAsync(
            $"{Functions}cd {ShellText.QuotePath(folder)} && "
            + $"mkdir -p {MachineLayout.Data} && ln -sfn {JobFiles.DataTarget} {JobFiles.Data} && {JobFiles.Note(folder, request.Id)} && "
            + $"{StackEnvironment.Activate(request.Prefix)} && "
            + $"{{ setsid nohup {python} {Own(JobFiles.Runner)} {quoted} --output {quoted} --status {Own(JobFiles.Status)} "
            + $"> {Own(JobFiles.Log)} 2>&1 < /dev/null & {{ note_process $!; printf '%s\\n' {quoted}; }} > {process}; }} && "
            + register, $"Starting {name}", cancellationToken);
        context.Log.Verbose($"{host}: {request.Id} is running in {folder}.");
        return job;

        // A client that was killed right after the start may have left the job unregistered.
        async Task<bool> WasStartedAsync() => (await connection.RunAsync(
            $"{Functions}test -s {process} && {register}",
            cancellationToken)).ExitCode == 0;
    }

    /// <summary>Waits until a job ends, and reconnects if the connection is lost.</summary>
    public static async Task<TrainingJob> WaitAsync(TrainingJob job, StepContext context, CancellationToken cancellationToken)
    {
        var activity = $"Training {job.Notebook} on {job.Instance}";
        try
        {
            var ended = await Patience.Endless(Poll).AskAsync(
                context.Time, () => ReadStatusAsync(job, context, cancellationToken),
                status =>
                {
                    if (!status.HasEnded)
                    {
                        var done = status.Cells == 0 ? 0 : Math.Max(0, status.Cell - 1) * 100 / status.Cells;
                        context.Log.Progress(activity, $"cell {status.Cell} of {status.Cells}", done);
                    }

                    return status.HasEnded;
                },
                mayPass: null, cancellationToken);
            return new TrainingJob(job.Instance, job.Id, job.Notebook, job.Folder, ended);
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }

    /// <summary>Returns a job whose instance AWS took back before it ended.</summary>
    public static TrainingJob Interrupted(TrainingJob job, string why, StepContext context) => new(
        job.Instance, job.Id, job.Notebook, job.Folder,
        new JobStatus("interrupted", job.CellCount, job.Cell, job.StartTime, context.Now, why));

    /// <summary>Creates the error for a job that did not succeed.</summary>
    public static SpotTrainerException Failure(TrainingJob job) => new(
        "JobFailed", ErrorKind.InvalidResult,
        $"{job.Notebook} {(job.State == "failed" ? "failed" : $"was {job.State}")} on {job.Instance}: "
            + (job.Error ?? "it received SIGTERM, which jobs get before the deadline."),
        job.State == "interrupted"
            ? "AWS takes the instance back within two minutes. Fetch the executed notebook now with Receive-TrainingResult."
            : "Fetch the executed notebook and its log with Receive-TrainingResult. An instance costs money until you remove it.", job);

    /// <summary>Reads the status of a job.</summary>
    public static async Task<JobStatus> LookAsync(
        SshConnection connection, TrainingJob job, StepContext context, CancellationToken cancellationToken)
    {
        // Look for the process before reading the file: a process that has ended by then has already written its final status.
        var text = await connection.RequireAsync(
            $"{Functions}cd {ShellText.QuotePath(JobFiles.Control(job.Id))} && "
            + $"{{ process_of {JobFiles.ProcessId} > /dev/null && echo alive || echo gone; test -s {InterruptionNotice} && echo notice || echo none; "
            + $"cat {JobFiles.Status} 2>/dev/null || :; }}",
            $"Checking the job {job.Id}", cancellationToken);
        var lines = text.Split(['\n'], 3);
        var status = lines.Length > 2 && lines[2].Trim().Length > 0 ? JobStatus.Parse(lines[2]) : JobStatus.Unknown;

        // The watchdog ends jobs when AWS announces an interruption. That is no stop by the user.
        if (status.State == "stopped" && lines[1] == "notice")
        {
            status = status with { State = "interrupted", Error = status.Error ?? "AWS takes the instance back." };
        }

        return lines[0] == "gone" && !status.HasEnded ? await VanishedAsync(connection, job, status, context, cancellationToken) : status;
    }

    /// <summary>Reads the status of a job, over a new connection if the old one is lost.</summary>
    private static Task<JobStatus> ReadStatusAsync(TrainingJob job, StepContext context, CancellationToken cancellationToken)
    {
        SshConnection? connection = null;
        return (new Patience(ReconnectTimeout, Poll) { FromFirstError = true, LongestPause = LongestPause })
            .AskAsync(context.Time, LookOnceAsync, isEnough: null, MayReconnect, cancellationToken);

        async Task<JobStatus> LookOnceAsync()
        {
            // If the link dies silently (a laptop that slept, a change of network), the command would wait for many minutes.
            using var limit = context.Time.Limit(AnswerTimeout, cancellationToken);
            connection = null;
            connection = await SshConnectionPool.GetAsync(job.Instance, context, limit.Token);
            return await LookAsync(connection, job, context, limit.Token);
        }

        bool MayReconnect(Exception exception)
        {
            if (!SshErrors.IsLostConnection(exception))
            {
                return false;
            }

            context.Log.Verbose($"{job.Instance} does not respond. The job keeps running, and the wait continues.");
            if (connection is not null)
            {
                SshConnectionPool.Drop(job.Instance, connection, context);
            }

            return true;
        }
    }

    private static async Task<JobStatus> VanishedAsync(
        SshConnection connection, TrainingJob job, JobStatus status, StepContext context, CancellationToken cancellationToken)
    {
        var tail = await connection.RunAsync($"tail -n 3 {JobFiles.Quoted(job.Id, JobFiles.Log)}", cancellationToken);
        var said = string.Join(" | ", tail.Output.Split('\n').Where(line => line.Trim().Length > 0));
        var error = "its process ended without a result." + (said.Length > 0 ? $" Last output: {said}" : string.Empty);
        return status with { State = "failed", Ended = context.Now, Error = error };
    }
}
