using System.Security;

namespace SpotTrainer.Foundation;

/// <summary>For work in the background, which has nobody to report to and nobody to ask.</summary>
internal sealed class SilentLog : IStepLog
{
    public void Verbose(string text)
    {
    }

    public void Warning(string text)
    {
    }

    public void Information(string text)
    {
    }

    public void Progress(string activity, string status, int percent = -1)
    {
    }

    public void ProgressDone(string activity)
    {
    }

    public void CleanupWarning(string text)
    {
    }

    public Task<SecureString?> AskSecretAsync(string question) => Task.FromResult<SecureString?>(null);
}
