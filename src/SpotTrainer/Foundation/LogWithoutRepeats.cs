namespace SpotTrainer.Foundation;

/// <summary>A log that leaves out a warning which the session has had within the last minute: several launches in a row would repeat it.</summary>
/// <param name="log">Receives everything else.</param>
/// <param name="session">The session.</param>
/// <param name="time">The clock.</param>
internal sealed class LogWithoutRepeats(IStepLog log, Session session, TimeProvider time) : IStepLog
{
    public void Verbose(string text) => log.Verbose(text);

    public void Warning(string text)
    {
        if (session.Get<RecentWarnings>().IsNew(text, time))
        {
            log.Warning(text);
        }
    }

    public void Information(string text) => log.Information(text);

    public void Progress(string activity, string status, int percent = -1) => log.Progress(activity, status, percent);

    public void ProgressDone(string activity) => log.ProgressDone(activity);

    public void CleanupWarning(string text) => log.CleanupWarning(text);

    public Task<System.Security.SecureString?> AskSecretAsync(string question) => log.AskSecretAsync(question);

    private sealed class RecentWarnings
    {
        private static readonly TimeSpan Span = TimeSpan.FromMinutes(1);
        private readonly Dictionary<string, Func<TimeSpan>> ages = new(StringComparer.Ordinal);

        public bool IsNew(string text, TimeProvider time)
        {
            lock (ages)
            {
                if (ages.TryGetValue(text, out var age) && age() < Span)
                {
                    return false;
                }

                ages[text] = time.StartClock();
                return true;
            }
        }
    }
}
