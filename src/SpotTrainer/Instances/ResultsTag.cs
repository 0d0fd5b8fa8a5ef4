using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>
/// Records on the instance itself whether it has results that were not fetched, so that every session can warn before it removes the
/// instance.
/// </summary>
internal static class ResultsTag
{
    /// <summary>
    /// Sets the tag; does nothing for a host that is not an instance. A failure is only a warning: the job itself is not affected.
    /// </summary>
    public static async Task SetAsync(TrainingHost host, bool pending, StepContext context, CancellationToken cancellationToken)
    {
        if (host is not SpotTrainingInstance instance)
        {
            return;
        }

        try
        {
            await instance.Cloud.Ec2(instance.Region).CreateTagsAsync(
                new CreateTagsRequest { Resources = [instance.InstanceId],
                    Tags = [new Tag(
                        ModuleTags.Results, pending ? ModuleTags.ResultsPending : ModuleTags.ResultsFetched)] }, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            context.Log.Warning($"The tag {ModuleTags.Results} of {instance} could not be set, so Remove-SpotTrainingInstance "
                + $"{(pending ? "will not ask" : "will still ask")} about results: "
                + ErrorTranslation.Translate(exception, instance).Message);
        }
    }
}
