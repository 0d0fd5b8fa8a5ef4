using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Jobs;

/// <summary>The base of the cmdlets that work on jobs.</summary>
public abstract class JobCmdlet : ThrottledCmdlet
{
    /// <summary>
    /// The jobs, from Start-TrainingJob or Wait-TrainingJob, their IDs, or objects that have a job in the property <c>Job</c>. Objects from
    /// Import-Clixml, Start-Job, or $using: are looked up again.
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [JobReference]
    [ArgumentCompleter(typeof(JobCompleter))]
    public TrainingJob[] Job { get; set; } = [];
}
