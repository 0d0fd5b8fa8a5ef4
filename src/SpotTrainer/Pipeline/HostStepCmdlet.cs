using System.Management.Automation;
using SpotTrainer.Remote;

namespace SpotTrainer.Pipeline;

/// <summary>The base of every cmdlet that works on machines: on all that it is given at once, each result as it comes.</summary>
public abstract class HostStepCmdlet : ThrottledCmdlet
{
    /// <summary>The machines: instances, hosts, or any step's output, which has its machine in the property Instance.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Alias("TrainingHost")]
    public TrainingHost[] Instance { get; set; } = [];

    /// <summary>What ShouldProcess asks about, as a verb phrase; null where nothing is changed.</summary>
    private protected abstract string? Action { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var host in Instance)
        {
            if (Action is not { } action || ShouldProcess(host.ToString(), action))
            {
                StartThrottled(host, Prepare(host));
            }
        }
    }

    /// <summary>
    /// Takes what the parameters say now, on the pipeline's thread (the next input changes them), and gives the work to be done.
    /// </summary>
    private protected abstract Func<CancellationToken, Task> Prepare(TrainingHost host);
}
