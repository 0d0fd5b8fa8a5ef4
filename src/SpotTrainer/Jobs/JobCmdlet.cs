using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Jobs;

/// <summary>The base of the cmdlets that are given jobs.</summary>
public abstract class JobCmdlet : ThrottledCmdlet
{
    /// <summary>The jobs, from Start-TrainingJob or Wait-TrainingJob, or what has one in its property Job.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    public TrainingJob[] Job { get; set; } = [];
}
