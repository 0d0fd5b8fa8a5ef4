namespace SpotTrainer.Foundation;

/// <summary>Receives the messages and the progress of a step. It may be called from any thread.</summary>
internal interface IStepLog
{
    /// <summary>Writes a line for users who asked for details.</summary>
    void Verbose(string text);

    /// <summary>Writes a warning that every user should see.</summary>
    void Warning(string text);

    /// <summary>Writes a line for every user about something that was done along the way, such as creating a key pair.</summary>
    void Information(string text);

    /// <summary>Reports the progress of a step.</summary>
    /// <param name="activity">What is being done, and to what.</param>
    /// <param name="status">The current state.</param>
    /// <param name="percent">0 to 100, or −1 if it is not known.</param>
    void Progress(string activity, string status, int percent = -1);

    /// <summary>Removes the activity's progress bar.</summary>
    void ProgressDone(string activity);

    /// <summary>
    /// Warns, even after Ctrl+C, that cleanup is still running. This is the only case in which the prompt does not return within a second.
    /// </summary>
    void CleanupWarning(string text);

    /// <summary>Asks for a secret, such as the passphrase of a key; null if nobody can be asked.</summary>
    /// <param name="question">The question, with a colon and a space at its end.</param>
    Task<System.Security.SecureString?> AskSecretAsync(string question);
}
