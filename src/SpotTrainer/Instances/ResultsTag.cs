using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Keeps, on the instance itself, whether it has results that were not fetched: every session is then warned before it removes it.</summary>
internal static class ResultsTag
{
    /// <summary>Sets the tag; does nothing for a host that is no instance. A failure is told and no more: the job itself is well.</summary>
    public static async Task SetAsync(TrainingHost host, bool pending, StepContext context, CancellationToken cancellationToken)
    {
        if (host is not SpotTrainingInstance instance)
        {
            return;
        }

        try
        {
            await instance.Cloud.Ec2(instance.Region).CreateTagsAsync(
                new CreateTagsRequest { Resources = [instance.InstanceId], Tags = [new Tag(ModuleTags.Results, pending ? ModuleTags.ResultsPending : ModuleTags.ResultsFetched)] }, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            context.Log.Warning($"{instance}: its tag {ModuleTags.Results} could not be set, so Remove-SpotTrainingInstance {(pending ? "will not ask" : "asks")} about results: "
                + ErrorTranslation.Translate(exception, instance).Message);
        }
    }
}
