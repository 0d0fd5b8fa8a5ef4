namespace SpotTrainer.Foundation;

/// <summary>Where the work of a step tells what it is doing. It may be called from any thread.</summary>
internal interface IStepLog
{
    /// <summary>A line for those who asked for more.</summary>
    void Verbose(string text);

    /// <summary>A line that every user should see.</summary>
    void Warning(string text);

    /// <summary>A line that every user sees, of something that was done on the way (such as a key pair that was made).</summary>
    void Information(string text);

    /// <summary>How far the step is.</summary>
    /// <param name="activity">What is being done, and on what.</param>
    /// <param name="status">Where it stands.</param>
    /// <param name="percent">0 to 100, or −1 where it can't be known.</param>
    void Progress(string activity, string status, int percent = -1);

    /// <summary>The activity's bar may go.</summary>
    void ProgressDone(string activity);

    /// <summary>
    /// Says, even after Ctrl+C, that clean-up goes on: the one case in which the prompt does not come back within a second.
    /// </summary>
    void CleanupWarning(string text);
}
