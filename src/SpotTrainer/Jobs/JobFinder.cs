using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>Finds jobs by their IDs: on their hosts, or on all running instances of this user.</summary>
internal static class JobFinder
{
    private const string AnyInstance = "*";

    /// <summary>Returns a job; one that is only a reference is looked up.</summary>
    /// <exception cref="SpotTrainerException"><c>JobNotFound</c>, and those of finding instances and of connecting.</exception>
    public static async Task<TrainingJob> ResolveAsync(TrainingJob job, StepContext context, CancellationToken cancellationToken)
    {
        if (!job.IsReference)
        {
            return job;
        }

        if (!JobRequest.IsId(job.Id))
        {
            throw NotFound(job, inner: null);
        }

        IReadOnlyList<TrainingHost> hosts;
        try
        {
            hosts = await HostFinder.ResolveAsync(job.Instance ?? new NamedHost(AnyInstance), context, cancellationToken);
        }
        catch (SpotTrainerException exception) when (exception.Id == "InstanceNotFound")
        {
            throw NotFound(job, exception);
        }

        var found = await Task.WhenAll(hosts.Select(host => LookAsync(host, job, hosts.Count > 1, context, cancellationToken)));
        return Array.Find(found, one => one is not null) ?? throw NotFound(job, inner: null);
    }

    /// <summary>Looks for a job on a host. If others can have it, a host that cannot be reached is skipped with a warning.</summary>
    private static async Task<TrainingJob?> LookAsync(
        TrainingHost host, TrainingJob job, bool maySkip, StepContext context, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
            var folder = $"{MachineLayout.Jobs}/{job.Id}";
            var result = await connection.RunAsync(
                $"sed -n 2p {JobFiles.Quoted(job.Id, JobFiles.ProcessId)}", cancellationToken);
            var notebook = result.Output.Trim();
            if (result.ExitCode != 0 || !JobRequest.IsFileName(notebook))
            {
                return null;
            }

            var known = new TrainingJob(host, job.Id, notebook, folder, JobStatus.Unknown);
            return new TrainingJob(
                host, job.Id, notebook, folder, await JobRunner.LookAsync(connection, known, context, cancellationToken));
        }
        catch (Exception exception) when (maySkip && !cancellationToken.IsCancellationRequested)
        {
            context.Log.Warning($"{host} was skipped: {ErrorTranslation.Translate(exception, host).Message}");
            return null;
        }
    }

    private static SpotTrainerException NotFound(TrainingJob job, Exception? inner) => new("JobNotFound", ErrorKind.ObjectNotFound,
        job.Instance is { } host ? $"There is no job '{job.Id}' on {host}." : $"None of your running instances has a job '{job.Id}'.",
        "Check the ID. The results of a job are lost when its instance ends.", job.Id, inner);
}
