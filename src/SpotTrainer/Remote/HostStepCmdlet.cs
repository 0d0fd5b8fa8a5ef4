using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>The base of all cmdlets that work on hosts. They work on all hosts in parallel and write each result as it arrives.</summary>
public abstract class HostStepCmdlet : ThrottledCmdlet
{
    /// <summary>
    /// The hosts: instances, other hosts, names (with wildcards) or IDs of instances, or the output of any step, which has its host in the
    /// property <c>Instance</c>. Objects from Import-Clixml, Start-Job, or $using: are looked up again.
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Alias("TrainingHost")]
    [HostReference]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    [SupportsWildcards]
    public virtual TrainingHost[] Instance { get; set; } = [];

    /// <summary>The action that ShouldProcess asks about, as a verb phrase; null if nothing is changed.</summary>
    private protected abstract string? Action { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var given in Instance)
        {
            // What was not found has been reported.
            foreach (var host in given is NamedHost
                ? Get(given.ToString(), stopping => HostFinder.ResolveAsync(given, Context, stopping)) ?? []
                : [given])
            {
                if (IsWhatIf)
                {
                    Preview(host);
                }

                if (Action is not { } action || ShouldProcess(host.ToString(), action))
                {
                    var work = Prepare(host);
                    StartThrottled(host, stopping => HostFinder.WorkAsync(host, async () =>
                    {
                        await work(stopping);
                        return true;
                    }, Context, stopping));
                }
            }
        }
    }

    /// <summary>Warns, with -WhatIf, about what the real call would warn about.</summary>
    private protected virtual void Preview(TrainingHost host)
    {
    }

    /// <summary>
    /// Reads the parameters, on the pipeline's thread because the next input changes them, and returns the work to do.
    /// </summary>
    private protected abstract Func<CancellationToken, Task> Prepare(TrainingHost host);
}
