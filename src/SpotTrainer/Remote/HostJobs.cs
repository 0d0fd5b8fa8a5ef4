using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>Which jobs a host has, and whether their results were fetched, as the marks in their control folders say.</summary>
internal static class HostJobs
{
    /// <summary>The file that a job has since it was started.</summary>
    public const string Started = "pid";

    /// <summary>The file that a job has since its results were fetched after its end.</summary>
    public const string Received = "received";

    /// <summary>Returns the IDs of the jobs; null if the host could not list them. It may say anything.</summary>
    /// <param name="connection">The host.</param>
    /// <param name="unfetchedOnly">Whether those whose results were fetched are left out.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<IReadOnlyList<string>?> ListAsync(
        SshConnection connection, bool unfetchedOnly, CancellationToken cancellationToken)
    {
        // What was never started has no results.
        var result = await connection.RunAsync(
            $"cd {ShellText.QuotePath(MachineLayout.Control)} 2>/dev/null && for job in */; do [ ! -s \"${{job}}{Started}\" ] "
            + (unfetchedOnly ? $"|| [ -e \"${{job}}{Received}\" ] " : string.Empty) + "|| echo \"${job%/}\"; done",
            cancellationToken);
        return result.ExitCode == 0 ? result.Output.Split(['\n'], StringSplitOptions.RemoveEmptyEntries) : null;
    }

    /// <summary>Returns the IDs of the jobs; none if the host does not answer soon. Nothing is reported.</summary>
    public static async Task<IReadOnlyList<string>> TryListAsync(
        TrainingHost host, bool unfetchedOnly, TimeSpan patience, StepContext context, CancellationToken cancellationToken)
    {
        using var limit = context.Time.Limit(patience, cancellationToken);
        try
        {
            var quiet = new StepContext(new SilentLog(), context.Session, context.Time);
            return await ListAsync(await SshConnectionPool.GetAsync(host, quiet, limit.Token), unfetchedOnly, limit.Token) ?? [];
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return [];
        }
    }
}
