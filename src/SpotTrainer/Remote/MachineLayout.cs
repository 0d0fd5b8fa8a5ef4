namespace SpotTrainer.Remote;

/// <summary>The folders that the steps use on a host, below the user's home directory.</summary>
internal static class MachineLayout
{
    /// <summary>The root of all of the module's folders.</summary>
    public const string Root = "~/spottrainer";

    /// <summary>The data that Send-TrainingData sends. Every job sees it as <c>data</c>.</summary>
    public const string Data = Root + "/data";

    /// <summary>The folders of the jobs, one for each.</summary>
    public const string Jobs = Root + "/jobs";

    /// <summary>The Python stack.</summary>
    public const string CondaPrefix = Root + "/conda";

    /// <summary>Jupyter's configuration, certificate, log, and process ID.</summary>
    public const string Jupyter = Root + "/jupyter";
}
