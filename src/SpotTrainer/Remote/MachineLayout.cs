namespace SpotTrainer.Remote;

/// <summary>The folders that the steps use on a host, below the user's home directory.</summary>
internal static class MachineLayout
{
    /// <summary>The root of all of the module's folders.</summary>
    public const string Root = "~/spottrainer";

    /// <summary>The data that Send-TrainingData sends. Every job sees it as <c>data</c>.</summary>
    public const string Data = Root + "/data";

    /// <summary>The folders of the jobs, one for each, which are their working directories.</summary>
    public const string Jobs = Root + "/jobs";

    /// <summary>The module's own files of the jobs: a folder for each job, and what concerns all of them.</summary>
    public const string Control = Root + "/control";

    /// <summary>The Python stack.</summary>
    public const string CondaPrefix = Root + "/conda";

    /// <summary>Jupyter's configuration, certificate, log, and process ID.</summary>
    public const string Jupyter = Root + "/jupyter";
}
