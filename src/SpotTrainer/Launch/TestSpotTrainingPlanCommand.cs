using System.Management.Automation;
using SpotTrainer.Cloud;

namespace SpotTrainer.Launch;

/// <summary>Checks everything that can be known about a launch before money is spent.</summary>
[Cmdlet(VerbsDiagnostic.Test, "SpotTrainingPlan", DefaultParameterSetName = "Offer")]
[OutputType(typeof(SpotTrainingPlan))]
public sealed class TestSpotTrainingPlanCommand : LaunchCmdlet
{
    /// <summary>Files and folders on this computer that the training needs, such as the notebook and its data.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    private protected override void Process(CloudContext cloud, LaunchStep step)
    {
        var files = Path.Select(FullPath).ToArray();
        Run(step.Request.Offers[0],
            async stopping => await Output.ObjectAsync(await new PlanChecker(cloud, step.Request, files).CheckAsync(stopping)));
    }
}
