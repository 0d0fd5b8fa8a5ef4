using System.Text.Json;
using Amazon.EC2;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>
/// Debian's aws command works against the rehearsal: it shares no code with the module. It is always given the endpoint, and no files or
/// credentials but the rehearsal's.
/// </summary>
public sealed class AwsCliTests : IAsyncLifetime
{
    private readonly TestEndpoint _endpoint = new();
    private readonly TemporaryFolder _folder = new();

    public async ValueTask InitializeAsync()
    {
        await DebianPackages.EnsureAsync("awscli");
        await File.WriteAllTextAsync(_folder["config"], "");
        await File.WriteAllTextAsync(_folder["credentials"], "");
    }

    public async ValueTask DisposeAsync()
    {
        await _endpoint.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task It_reads_the_market()
    {
        var image = TestEndpoint.Launch().ImageId;
        await AllAsync(
            ("ec2 describe-regions --query Regions[].RegionName --output text", output => Assert.Equal(4, output.Split('\t').Length)),
            ("ec2 describe-availability-zones --query AvailabilityZones[].ZoneName --output text", output => Assert.Equal("eu-central-1a\teu-central-1b\teu-central-1c", output)),
            ("ec2 describe-instance-types --filters Name=instance-type,Values=m5.large --query InstanceTypes[].[InstanceType,VCpuInfo.DefaultVCpus,MemoryInfo.SizeInMiB] --output text",
                output => Assert.Equal("m5.large\t2\t8192", output)),
            ("ec2 describe-instance-type-offerings --location-type availability-zone --filters Name=instance-type,Values=t3.micro --query InstanceTypeOfferings[0].[InstanceType,Location] --output text",
                output => Assert.Equal("t3.micro\teu-central-1a", output)),
            ("ec2 describe-spot-price-history --instance-types m5.large --product-descriptions Linux/UNIX --start-time 2026-01-01T00:00:00Z --end-time 2026-01-01T00:00:00Z --query SpotPriceHistory[0].[InstanceType,ProductDescription] --output text",
                output => Assert.Equal("m5.large\tLinux/UNIX", output)),
            ($"ec2 describe-images --image-ids {image} --query Images[0].[ImageId,RootDeviceName,BlockDeviceMappings[0].Ebs.VolumeSize] --output text",
                output => Assert.Equal($"{image}\t/dev/sda1\t8", output)),
            ($"ssm get-parameter --name {TestEndpoint.ImageParameter} --query Parameter.Value --output text", output => Assert.Equal(image, output)),
            ($"ssm get-parameters --names {TestEndpoint.ImageParameter} /none --output json", output => Assert.Contains("\"/none\"", output, StringComparison.Ordinal)),
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
    public async Task It_makes_key_pairs_and_security_groups()
    {
        using var keys = await Machines.Keys.MakeAsync();
        await AllAsync(
            ($"ec2 import-key-pair --key-name imported --public-key-material fileb://{keys.PrivateFile}.pub --query KeyFingerprint --output text", output => Assert.EndsWith("=", output, StringComparison.Ordinal)),
            ("ec2 create-key-pair --key-name made --query KeyMaterial --output text", output => Assert.StartsWith("-----BEGIN RSA PRIVATE KEY-----", output, StringComparison.Ordinal)),
            ("ec2 describe-vpcs --query Vpcs[].IsDefault --output text", output => Assert.Equal("True", output)),
            ("ec2 describe-subnets --query length(Subnets) --output text", output => Assert.Equal("3", output)));
        var group = await AwsAsync("ec2 create-security-group --group-name mine --description made-for-tests --query GroupId --output text");
        await AwsAsync($"ec2 authorize-security-group-ingress --group-id {group} --protocol tcp --port 22 --cidr 192.0.2.1/32");
        await AllAsync(
            ("ec2 describe-key-pairs --query sort(KeyPairs[].KeyName) --output text", output => Assert.Equal("imported\tmade", output)),
            ($"ec2 describe-security-groups --group-ids {group} --query SecurityGroups[0].IpPermissions[0].IpRanges[0].CidrIp --output text", output => Assert.Equal("192.0.2.1/32", output)),
            ($"ec2 create-tags --resources {group} --tags Key=spottrainer:a,Value=b", _ => { }));
        await AllAsync(
            ($"ec2 describe-tags --filters Name=resource-id,Values={group} --query Tags[].[ResourceType,Key,Value] --output text", output => Assert.Equal("security-group\tspottrainer:a\tb", output)),
            ($"ec2 revoke-security-group-ingress --group-id {group} --protocol tcp --port 22 --cidr 192.0.2.1/32", _ => { }),
            ("ec2 delete-key-pair --key-name made", _ => { }));
        await AwsAsync($"ec2 delete-tags --resources {group} --tags Key=spottrainer:a");
        await AwsAsync($"ec2 delete-security-group --group-id {group}");
        await FailsAsync($"ec2 delete-security-group --group-id {group}", "InvalidGroup.NotFound");
    }

    [Fact]
    public async Task It_launches_and_ends_instances()
    {
        var launch = $"ec2 run-instances --instance-type m5.large --image-id {TestEndpoint.Launch().ImageId} --client-token once --user-data hello"
            + " --instance-market-options MarketType=spot,SpotOptions={MaxPrice=0.09} --instance-initiated-shutdown-behavior terminate"
            + " --metadata-options HttpTokens=required,HttpPutResponseHopLimit=1"
            + " --block-device-mappings DeviceName=/dev/sda1,Ebs={VolumeSize=30,Encrypted=true} --tag-specifications ResourceType=instance,Tags=[{Key=a,Value=b}]"
            + " --query Instances[0].InstanceId --output text";
        var id = await AwsAsync(launch);
        Assert.Equal(id, await AwsAsync(launch));
        await _endpoint.InStateAsync(id, InstanceStateName.Running);
        Assert.Equal("hello", _endpoint.Machines.All[id].Spec.UserData);
        await AllAsync(
            ("ec2 describe-instances --filters Name=tag:a,Values=b Name=instance-state-name,Values=running --query Reservations[].Instances[].[InstanceId,PublicIpAddress] --output text",
                output => Assert.Equal($"{id}\t127.0.64.1", output)),
            ($"ec2 describe-instance-status --instance-ids {id} --query InstanceStatuses[0].InstanceStatus.Status --output text", output => Assert.Equal("ok", output)),
            ($"ec2 describe-volumes --filters Name=attachment.instance-id,Values={id} --query Volumes[].Size --output text", output => Assert.Equal("30", output)),
            ("ec2 describe-spot-instance-requests --query SpotInstanceRequests[].[State,SpotPrice] --output text", output => Assert.Equal("active\t0.09", output)),
            ($"ec2 get-console-output --instance-id {id} --query Output --output text", output => Assert.Equal($"the console of {id}", output)));
        Assert.Equal("shutting-down", await AwsAsync($"ec2 terminate-instances --instance-ids {id} --query TerminatingInstances[0].CurrentState.Name --output text"));
        await _endpoint.InStateAsync(id, InstanceStateName.Terminated);
        Assert.Equal("Client.UserInitiatedShutdown", await AwsAsync($"ec2 describe-instances --instance-ids {id} --query Reservations[0].Instances[0].StateReason.Code --output text"));
    }

    [Fact]
    public async Task It_tells_two_regions_apart_and_gets_the_errors()
    {
        var here = (await _endpoint.RunningAsync()).InstanceId;
        var there = (await _endpoint.RunningAsync(region: "us-east-1")).InstanceId;
        await AllAsync(
            ("ec2 describe-instances --query Reservations[].Instances[].InstanceId --output text", output => Assert.Equal(here, output)),
            ("ec2 describe-instances --region us-east-1 --query Reservations[].Instances[].InstanceId --output text", output => Assert.Equal(there, output)));
        await Task.WhenAll(
            FailsAsync($"ec2 describe-instances --region us-east-1 --instance-ids {here}", "InvalidInstanceID.NotFound"),
            FailsAsync("ec2 describe-instances --filters Name=no-such-filter,Values=x", "InvalidParameterValue"),
            FailsAsync("ssm get-parameter --name /none", "ParameterNotFound"),
            FailsAsync("ec2 describe-regions --dry-run", "DryRunOperation"));
    }

    private async Task AllAsync(params (string Command, Action<string> Check)[] calls)
    {
        // Each is a Python program that starts: four at once are as fast as it gets.
        await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (call, _) => call.Check(await AwsAsync(call.Command)));
    }

    private async Task<string> AwsAsync(string command) => (await RunAsync(command)).Succeeded().Trim();

    private async Task FailsAsync(string command, string code)
    {
        var result = await RunAsync(command);
        Assert.NotEqual(0, result.Status);
        Assert.Contains($"({code})", result.Error, StringComparison.Ordinal);
    }

    private async Task<Programs.Result> RunAsync(string command)
    {
        var start = Programs.Describe(["/usr/bin/aws", .. command.Split(' '), "--endpoint-url", _endpoint.Endpoint.Url.ToString(), "--no-cli-pager"]);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("AWS_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["AWS_CONFIG_FILE"] = _folder["config"];
        start.Environment["AWS_SHARED_CREDENTIALS_FILE"] = _folder["credentials"];
        start.Environment["AWS_ACCESS_KEY_ID"] = _endpoint.Endpoint.AccessKeyId;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = _endpoint.Endpoint.SecretAccessKey;
        start.Environment["AWS_DEFAULT_REGION"] = TestEndpoint.Region;
        start.Environment["AWS_EC2_METADATA_DISABLED"] = "true";
        start.Environment["AWS_MAX_ATTEMPTS"] = "1";
        start.Environment["HOME"] = _folder.Path;
        return await Programs.RunAsync(start);
    }
}
