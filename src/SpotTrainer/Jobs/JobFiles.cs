namespace SpotTrainer.Jobs;

/// <summary>The files of a job's folder that are the module's own.</summary>
internal static class JobFiles
{
    public const string Runner = "run_notebook.py";
    public const string Status = "status.json";
    public const string Log = "log.txt";
    public const string ProcessId = "pid";

    /// <summary>The mark that the results of a job that had ended were fetched.</summary>
    public const string Received = "received";

    /// <summary>The link to what Send-TrainingData sent.</summary>
    public const string Data = "data";

    /// <summary>What is not a result: <c>.new</c> is what the runner has not put in its place yet.</summary>
    public static bool IsInternal(string name, string notebook) =>
        name is Runner or ProcessId or Data or Received or Status + ".new" || name == notebook + ".new";
}
