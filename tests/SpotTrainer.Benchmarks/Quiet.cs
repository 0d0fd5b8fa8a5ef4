using SpotTrainer.Foundation;

namespace SpotTrainer.Benchmarks;

/// <summary>Writes only warnings.</summary>
internal sealed class Quiet : IStepLog
{
    public void Verbose(string text)
    {
    }

    public void Warning(string text) => Console.Error.WriteLine(text);

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

    public Task<System.Security.SecureString?> AskSecretAsync(string question) => Task.FromResult<System.Security.SecureString?>(null);
}
