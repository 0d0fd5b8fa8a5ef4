using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>The base of every cmdlet that works on machines: on all of them at once, and each result is written as it arrives.</summary>
public abstract class HostStepCmdlet : ThrottledCmdlet
{
    /// <summary>The machines: instances, hosts, the names or ids of instances, or the output of any step, which has its machine in the property Instance.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Alias("TrainingHost")]
    [HostReference]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public TrainingHost[] Instance { get; set; } = [];

    /// <summary>What ShouldProcess asks about, as a verb phrase; null if nothing is changed.</summary>
    private protected abstract string? Action { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var host in Found())
        {
            if (Action is not { } action || ShouldProcess(host.ToString(), action))
            {
                StartThrottled(host, Prepare(host));
            }
        }
    }

    /// <summary>
    /// Takes what the parameters say now, on the pipeline's thread (the next input changes them), and returns the work to be done.
    /// </summary>
    private protected abstract Func<CancellationToken, Task> Prepare(TrainingHost host);

    /// <summary>The machines, those that were given by name looked up. One that is not found is an error, and left out.</summary>
    private IEnumerable<TrainingHost> Found()
    {
        foreach (var host in Instance)
        {
            if (host is not NamedHost named)
            {
                yield return host;
            }
            else if (Get(named.Text, stopping => HostFinder.Current.FindAsync([named.Text], Context, stopping)) is [var found])
            {
                yield return found;
            }
        }
    }
}
