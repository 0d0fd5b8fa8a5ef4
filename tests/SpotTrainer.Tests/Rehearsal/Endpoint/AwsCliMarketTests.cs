using System.Text.Json;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>What the aws command reads in each region: the market, images, prices and the account.</summary>
[Trait("Speed", "Slow")]
public sealed class AwsCliMarketTests : AwsCli
{
    [Fact]
    public async Task It_reads_the_market()
    {
        var image = TestEndpoint.Launch().ImageId;
        await AllAsync(
            ("ec2 describe-regions --query Regions[].RegionName --output text", output => Assert.Equal(4, output.Split('\t').Length)),
            ("ec2 describe-availability-zones --query AvailabilityZones[].ZoneName --output text",
                output => Assert.Equal("eu-central-1a\teu-central-1b\teu-central-1c", output)),
            ("ec2 describe-instance-types --filters Name=instance-type,Values=m5.large --query InstanceTypes[].[InstanceType,VCpuInfo.DefaultVCpus,MemoryInfo.SizeInMiB] --output text",
                output => Assert.Equal("m5.large\t2\t8192", output)),
            ("ec2 describe-instance-type-offerings --location-type availability-zone --filters Name=instance-type,Values=t3.micro --query InstanceTypeOfferings[0].[InstanceType,Location] --output text",
                output => Assert.Equal("t3.micro\teu-central-1a", output)),
            ("ec2 describe-spot-price-history --instance-types m5.large --product-descriptions Linux/UNIX --start-time 2026-01-01T00:00:00Z --end-time 2026-01-01T00:00:00Z --query SpotPriceHistory[0].[InstanceType,ProductDescription] --output text",
                output => Assert.Equal("m5.large\tLinux/UNIX", output)),
            ($"ec2 describe-images --image-ids {image} --query Images[0].[ImageId,RootDeviceName,BlockDeviceMappings[0].Ebs.VolumeSize] --output text",
                output => Assert.Equal($"{image}\t/dev/sda1\t8", output)),
            ($"ssm get-parameter --name {TestEndpoint.ImageParameter} --query Parameter.Value --output text",
                output => Assert.Equal(image, output)),
            ($"ssm get-parameters --names {TestEndpoint.ImageParameter} /none --output json",
                output => Assert.Contains("\"/none\"", output, StringComparison.Ordinal)),
            ("iam list-instance-profiles --query InstanceProfiles[].[InstanceProfileName,Roles[0].RoleName] --output text",
                output => Assert.Equal("training\ttraining", output)),
            ("sts get-caller-identity --query Account --output text", output => Assert.Equal("000000000000", output)),
            ("pricing get-products --region us-east-1 --service-code AmazonEC2 --filters Type=TERM_MATCH,Field=instanceType,Value=m5.large Type=TERM_MATCH,Field=regionCode,Value=us-east-1 Type=TERM_MATCH,Field=operatingSystem,Value=Linux --output json",
                output =>
                {
                    using var answer = JsonDocument.Parse(output);
                    var product = Assert.Single(answer.RootElement.GetProperty("PriceList").EnumerateArray().ToArray()).GetString()!;
                    Assert.Contains("\"USD\":\"0.0960000000\"", product, StringComparison.Ordinal);
                }),
            ("pricing get-products --region us-east-1 --service-code AmazonEC2 --filters Type=TERM_MATCH,Field=operatingSystem,Value=Windows --query PriceList --output text",
                output => Assert.Empty(output)));
    }

    [Fact]
    public async Task It_tells_two_regions_apart_and_gets_the_errors()
    {
        var here = (await Endpoint.RunningAsync()).InstanceId;
        var there = (await Endpoint.RunningAsync(region: "us-east-1")).InstanceId;
        await AllAsync(
            ("ec2 describe-instances --query Reservations[].Instances[].InstanceId --output text", output => Assert.Equal(here, output)),
            ("ec2 describe-instances --region us-east-1 --query Reservations[].Instances[].InstanceId --output text",
                output => Assert.Equal(there, output)));
        await Task.WhenAll(
            FailsAsync($"ec2 describe-instances --region us-east-1 --instance-ids {here}", "InvalidInstanceID.NotFound"),
            FailsAsync("ec2 describe-instances --filters Name=no-such-filter,Values=x", "InvalidParameterValue"),
            FailsAsync("ssm get-parameter --name /none", "ParameterNotFound"),
            FailsAsync("ec2 describe-regions --dry-run", "DryRunOperation"));
    }
}
