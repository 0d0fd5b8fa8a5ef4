using System.Text.Json;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>What the aws command gets under the endpoint's conditions, and from the services for quotas, roles and scores.</summary>
[Trait("Speed", "Slow")]
public sealed class AwsCliConditionTests : AwsCli
{
    private static string Launch => $"ec2 run-instances --image-id {TestEndpoint.Launch().ImageId} --instance-type m5.large";

    private static string LaunchSpot => Launch + " --instance-market-options MarketType=spot";

    [Fact]
    public async Task It_gets_the_errors_of_a_launch()
    {
        await MeetsAsync(now => now with { NoSpotCapacity = [new OfferPattern("m5.*")] }, LaunchSpot, "InsufficientInstanceCapacity");
        await MeetsAsync(now => now with { NoOnDemandCapacity = [new OfferPattern("m5.*")] }, Launch, "InsufficientInstanceCapacity");
        await MeetsAsync(now => now with { Quotas = now.Quotas.SetItem("L-34B43A08", 1) }, LaunchSpot, "MaxSpotInstanceCountExceeded");
        await MeetsAsync(now => now with { Quotas = now.Quotas.SetItem("L-1216C47A", 1) }, Launch, "VcpuLimitExceeded");
        await MeetsAsync(
            now => now, Launch + " --instance-market-options MarketType=spot,SpotOptions={MaxPrice=0.0011}", "SpotMaxPriceTooLow");
        await MeetsAsync(now => now with { Denied = ["ec2:RunInstances"] }, LaunchSpot, "UnauthorizedOperation");
        await MeetsAsync(now => now with { Throttles = [new Throttle("RunInstances", First: 5)] }, LaunchSpot, "RequestLimitExceeded");
        await MeetsAsync(now => now with { NoDefaultVpc = [TestEndpoint.Region] }, LaunchSpot, "VPCIdNotSpecified");
        await MeetsAsync(now => now, LaunchSpot + " --dry-run", "DryRunOperation");
        Assert.Equal("m5.large", await AwsAsync(Launch + " --query Instances[].InstanceType --output text"));
    }

    [Fact]
    public async Task It_gets_the_errors_of_the_other_services()
    {
        await Endpoint.Endpoint.ChangeAsync(now => now with
        {
            Denied = ["ssm:*", "servicequotas:ListServiceQuotas", "iam:GetRole"],
            Throttles = [new Throttle("servicequotas:GetServiceQuota", First: 9), new Throttle("sts:*", First: 9)],
        });
        await Task.WhenAll(
            FailsAsync($"ssm get-parameter --name {TestEndpoint.ImageParameter}", "AccessDeniedException"),
            FailsAsync("service-quotas list-service-quotas --service-code ec2", "AccessDeniedException"),
            FailsAsync("iam get-role --role-name AWSServiceRoleForEC2Spot", "AccessDenied"),
            FailsAsync("service-quotas get-service-quota --service-code ec2 --quota-code L-34B43A08", "TooManyRequestsException"),
            FailsAsync("sts get-caller-identity", "Throttling"));
    }

    [Fact]
    public async Task It_reads_quotas()
    {
        await Endpoint.Endpoint.ChangeAsync(now => now with { Quotas = now.Quotas.Remove("L-3819A6DF").SetItem("L-34B43A08", 64) });
        const string get = "service-quotas get-service-quota --service-code ec2 --quota-code";
        await AllAsync(
            ($"{get} L-34B43A08 --query Quota.[QuotaName,Value] --output text",
                output => Assert.Equal("All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests\t64", output)),
            ("service-quotas get-aws-default-service-quota --service-code ec2 --quota-code L-34B43A08 --query Quota.Value --output text",
                output => Assert.Equal("5", output)),
            ("service-quotas list-service-quotas --service-code ec2 --page-size 2 --query Quotas[].QuotaCode --output text",
                output => Assert.Equal(
                    "L-1216C47A L-34B43A08 L-417A185B L-7212CCBC L-B5D1601B L-C4BD4855 L-DB2E81BA",
                    string.Join(' ', output.Split(['\t', '\n'], StringSplitOptions.RemoveEmptyEntries)))));
        await Task.WhenAll(
            FailsAsync($"{get} L-3819A6DF", "NoSuchResourceException"),
            FailsAsync($"{get} L-00000000", "NoSuchResourceException"),
            FailsAsync(
                "service-quotas get-aws-default-service-quota --service-code lambda --quota-code L-34B43A08", "NoSuchResourceException"));
    }

    [Fact]
    public async Task It_reads_the_Spot_role_and_makes_a_default_VPC()
    {
        const string role = "iam get-role --role-name AWSServiceRoleForEC2Spot --query Role.Arn --output text";
        Assert.Equal("arn:aws:iam::000000000000:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot", await AwsAsync(role));
        await Endpoint.Endpoint.ChangeAsync(now => now with { NoSpotRole = true, NoDefaultVpc = [TestEndpoint.Region] });
        await FailsAsync(role, "NoSuchEntity");
        Assert.Equal("none", await AwsAsync("ec2 describe-account-attributes --attribute-names default-vpc --query AccountAttributes[].AttributeValues[].AttributeValue --output text"));
        Assert.Equal("True", await AwsAsync("ec2 create-default-vpc --query Vpc.IsDefault --output text"));
        Assert.Equal("3", await AwsAsync("ec2 describe-subnets --query length(Subnets) --output text"));
    }

    [Fact]
    public async Task It_reads_scores_offerings_and_zones()
    {
        const string scores = "ec2 get-spot-placement-scores --target-capacity 1 --region-names us-east-1 eu-central-1 --query SpotPlacementScores[].Score --output text --instance-types";
        await AllAsync(
            ($"{scores} m5.large m6i.large m7i.large",
                output => Assert.All(
                    output.Split('\t'),
                    score => Assert.InRange(int.Parse(score, System.Globalization.CultureInfo.InvariantCulture), 4, 10))),
            ($"{scores} m5.large m6i.large",
                output => Assert.All(
                    output.Split('\t'),
                    score => Assert.InRange(int.Parse(score, System.Globalization.CultureInfo.InvariantCulture), 1, 3))),
            ("ec2 describe-availability-zones --query AvailabilityZones[0].[ZoneName,ZoneId] --output text",
                output => Assert.Equal("eu-central-1a\teuc1-az2", output)),
            ("ec2 describe-instance-type-offerings --location-type availability-zone --filters Name=location,Values=eu-central-1a Name=instance-type,Values=m5.* --query InstanceTypeOfferings[].InstanceType --output text",
                output => Assert.Equal(
                    "m5.2xlarge m5.4xlarge m5.large m5.metal m5.xlarge",
                    string.Join(' ', output.Split('\t').Order(StringComparer.Ordinal)))),
            ("ec2 describe-spot-price-history --start-time 2026-01-01T00:00:00Z --end-time 2026-01-03T00:00:00Z --page-size 50 --query length(SpotPriceHistory) --output text",
                output => Assert.True(
                    output.Split('\n').Sum(count => int.Parse(count, System.Globalization.CultureInfo.InvariantCulture)) > 1000, output)));
    }

    [Fact]
    public async Task It_cancels_requests_and_deletes_volumes()
    {
        var instance = await Endpoint.RunningAsync(request =>
            request.BlockDeviceMappings = [new Amazon.EC2.Model.BlockDeviceMapping { DeviceName = "/dev/sda1",
                Ebs = new Amazon.EC2.Model.EbsBlockDevice { DeleteOnTermination = false } }]);
        var volume = instance.BlockDeviceMappings[0].Ebs.VolumeId;
        Assert.Equal("cancelled", await AwsAsync($"ec2 cancel-spot-instance-requests --spot-instance-request-ids {instance.SpotInstanceRequestId} --query CancelledSpotInstanceRequests[].State --output text"));
        await FailsAsync($"ec2 delete-volume --volume-id {volume}", "VolumeInUse");
        await AwsAsync($"ec2 terminate-instances --instance-ids {instance.InstanceId}");
        await Endpoint.InStateAsync(instance.InstanceId, Amazon.EC2.InstanceStateName.Terminated);
        await AwsAsync($"ec2 delete-volume --volume-id {volume}");
        await FailsAsync($"ec2 describe-volumes --volume-ids {volume}", "InvalidVolume.NotFound");
        await FailsAsync($"ec2 create-tags --resources {volume} --tags Key=a,Value=b", "InvalidVolume.NotFound");
    }

    [Fact]
    public async Task The_Spot_advisor_feed_is_public_and_has_AWSs_form()
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(
            new Uri(Endpoint.Endpoint.Url, "spot-advisor-data.json"), TestContext.Current.CancellationToken);
        Assert.Equal(2025, answer.Content.Headers.LastModified!.Value.Year);
        using var feed = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var root = feed.RootElement;
        Assert.Equal(
            ["<5%", "5-10%", "10-15%", "15-20%", ">20%"],
            root.GetProperty("ranges").EnumerateArray().Select(range => range.GetProperty("label").GetString()));
        Assert.Equal(
            (2, 8.0),
            (root.GetProperty("instance_types").GetProperty("m5.large").GetProperty("cores").GetInt32(),
                root.GetProperty("instance_types").GetProperty("m5.large").GetProperty("ram_gb").GetDouble()));
        var type = root.GetProperty("spot_advisor").GetProperty("us-east-1").GetProperty("Linux").GetProperty("m5.large");
        Assert.Equal((66, 3), (type.GetProperty("s").GetInt32(), type.GetProperty("r").GetInt32()));
        Assert.False(root.GetProperty("spot_advisor").GetProperty("eu-west-1").GetProperty("Linux").TryGetProperty("g6.xlarge", out _));
    }

    private async Task MeetsAsync(Func<Conditions, Conditions> change, string command, string code)
    {
        await Endpoint.Endpoint.ChangeAsync(_ => change(Conditions.None));
        await FailsAsync(command, code);
        await Endpoint.Endpoint.ChangeAsync(_ => Conditions.None);
    }
}
