using System.Management.Automation;
using SpotTrainer.Remote;

namespace SpotTrainer.Pipeline;

/// <summary>The base of every cmdlet that works on machines: on all that it is given at once, each result as it comes.</summary>
public abstract class HostStepCmdlet : StepCmdlet
{
    private SemaphoreSlim? throttle;

    /// <summary>The machines: instances, hosts, or any step's output, which has its machine in the property Instance.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Alias("TrainingHost")]
    public TrainingHost[] Instance { get; set; } = [];

    /// <summary>How many machines are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 8;

    /// <summary>What ShouldProcess asks about, as a verb phrase; null where nothing is changed.</summary>
    private protected abstract string? Action { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        throttle ??= new SemaphoreSlim(ThrottleLimit);
        foreach (var host in Instance)
        {
            if (Action is { } action && !ShouldProcess(host.ToString(), action))
            {
                continue;
            }

            var work = Prepare(host);
            Start(host, async stopping =>
            {
                await throttle.WaitAsync(stopping);
                try
                {
                    await work(stopping);
                }
                finally
                {
                    throttle.Release();
                }
            });
        }
    }

    /// <summary>
    /// Takes what the parameters say now, on the pipeline's thread (the next input changes them), and gives the work to be done.
    /// </summary>
    private protected abstract Func<CancellationToken, Task> Prepare(TrainingHost host);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            throttle?.Dispose();
        }

        base.Dispose(disposing);
    }
}
