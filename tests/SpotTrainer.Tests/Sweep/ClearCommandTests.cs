using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Rehearsal.Endpoint;

namespace SpotTrainer.Tests.Sweep;

/// <summary>Clear-SpotTrainingResource as users type it while another user's instance is running.</summary>
[Collection(RehearsalSessionGroup.Name)]
public sealed class ClearCommandTests(RehearsalSession session)
{
    private const string Region = "us-west-2";
    private const string Clear = "Clear-SpotTrainingResource -CostingOnly -Region " + Region;

    [Fact]
    public async Task Another_user_s_instance_is_reported_and_removed_only_with_AllOwners()
    {
        using var ec2 = session.Client(Region);
        var tags = new TagSpecification
        {
            ResourceType = ResourceType.Instance,
            Tags = [new Tag(ModuleTags.Owner, "kim@laptop"),
                new Tag(ModuleTags.Deadline, ModuleTags.Moment(DateTimeOffset.UtcNow.AddHours(1)))],
        };
        var launch = TestEndpoint.Launch(request => request.TagSpecifications = [tags], Region);
        var id = Assert.Single(
            (await ec2.RunInstancesAsync(launch, TestContext.Current.CancellationToken)).Reservation.Instances).InstanceId;

        // -WhatIf returns no receipt, but what is left and costs money must still be reported.
        foreach (var look in new[] { Clear + " -WhatIf", Clear + " -Confirm:$false" })
        {
            var warning = Assert.Single(session.Require(look).Warnings);
            Assert.Contains(id, warning, StringComparison.Ordinal);
            Assert.Contains("kim@laptop", warning, StringComparison.Ordinal);
        }

        var receipt = session.Require($"$receipt = {Clear} -Confirm:$false; $receipt.Clean; $receipt.Left.Id").Output;
        Assert.Equal([false, id], receipt.Select(value => value.BaseObject));
        var all = session.Require($"$receipt = {Clear} -AllOwners -Confirm:$false; $receipt.Clean; $receipt.Removed.Id");
        Assert.Equal([true, id], all.Output.Select(value => value.BaseObject));
        Assert.Empty(all.Warnings);
    }
}
