namespace SpotTrainer.Jobs;

/// <summary>The module's own files in a job's folder.</summary>
internal static class JobFiles
{
    public const string Runner = "run_notebook.py";
    public const string Status = "status.json";
    public const string Log = "log.txt";

    /// <summary>Its first line notes the process (<see cref="Remote.ProcessFile"/>), and its second line has the notebook's name.</summary>
    public const string ProcessId = "pid";


    /// <summary>Exists once the results of the job were fetched after its end.</summary>
    public const string Received = "received";

    /// <summary>The link to the folder that Send-TrainingData sends to.</summary>
    public const string Data = "data";

    /// <summary>Whether a file is not a result. A <c>.new</c> file is one that the runner is still writing.</summary>
    public static bool IsInternal(string name, string notebook) =>
        name is Runner or ProcessId or Data or Received or Status + ".new" || name == notebook + ".new";
}
