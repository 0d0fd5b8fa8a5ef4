using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>
/// Lets a parameter that takes jobs also take their IDs, and jobs that crossed a process. <see cref="JobFinder"/> looks them up.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class JobReferenceAttribute : ReferenceAttribute
{
    private static readonly HostReferenceAttribute Hosts = new();

    private protected override object FromText(string text) => new TrainingJob(host: null, text);

    private protected override object? FromProperties(ObjectProperties properties) => properties.WereOf(typeof(TrainingJob))
        ? new TrainingJob(Hosts.Transform(null!, properties.Value("Instance")) as TrainingHost, properties.Text("Id"))
        : properties.Value("Job") is { } job ? Transform(null!, job)
        : null;
}
