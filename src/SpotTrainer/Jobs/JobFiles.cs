using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>
/// The module's own files of a job. They stand in a folder of their own, so that the job's folder has nothing but what the job can call its
/// own, and the link to the data.
/// </summary>
internal static class JobFiles
{
    public const string Runner = "run_notebook.py";
    public const string Status = "status.json";
    public const string Log = "log.txt";

    /// <summary>Its first line notes the process (<see cref="ProcessFile"/>), and its second line has the notebook's name.</summary>
    public const string ProcessId = HostJobs.Started;

    /// <summary>Exists once the results of the job were fetched after its end.</summary>
    public const string Received = HostJobs.Received;

    /// <summary>The link in the job's folder to the folder that Send-TrainingData sends to.</summary>
    public const string Data = "data";

    /// <summary>Where that link leads. A job may put something else in its place.</summary>
    public const string DataTarget = "../../data";

    private static readonly string Script = EmbeddedScript.ReadLine("job_files.sh");

    /// <summary>The folder of the module's own files of a job.</summary>
    public static string Control(string id) => $"{MachineLayout.Control}/{id}";

    /// <summary>The path of one of them, quoted for a shell.</summary>
    public static string Quoted(string id, string file) => ShellText.QuotePath($"{Control(id)}/{file}");

    /// <summary>Returns the command that notes what is in the data folder, before the job starts.</summary>
    public static string Note(string folder, string id) => Command("note", folder, id);

    /// <summary>Returns the command that lists what the job has written. <c>job_files.sh</c> documents what it prints.</summary>
    public static string List(string folder, string id) => Command("list", folder, id);

    private static string Command(string what, string folder, string id) =>
        $"sh -c '{Script}' sh {what} {ShellText.QuotePath(folder)} {ShellText.QuotePath(Control(id))}";
}
