using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Jobs;

/// <summary>The base of the cmdlets that work on jobs.</summary>
public abstract class JobCmdlet : ThrottledCmdlet
{
    /// <summary>The jobs, from Start-TrainingJob or Wait-TrainingJob, or objects that have a job in the property <c>Job</c>.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    public TrainingJob[] Job { get; set; } = [];
}
