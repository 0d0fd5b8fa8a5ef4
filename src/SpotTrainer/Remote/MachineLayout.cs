namespace SpotTrainer.Remote;

/// <summary>Where the steps put things on a machine, below the home of who logs in.</summary>
internal static class MachineLayout
{
    /// <summary>Everything of ours.</summary>
    public const string Root = "~/spottrainer";

    /// <summary>What Send-TrainingData sends; every job sees it as <c>data</c>.</summary>
    public const string Data = Root + "/data";

    /// <summary>A folder for every job.</summary>
    public const string Jobs = Root + "/jobs";

    /// <summary>The Python stack.</summary>
    public const string CondaPrefix = Root + "/conda";

    /// <summary>Jupyter's configuration, certificate, log and process id.</summary>
    public const string Jupyter = Root + "/jupyter";
}
