using Amazon.EC2;
using SpotTrainer.Rehearsal.Machines;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>What the aws command creates and ends.</summary>
[Trait("Speed", "Slow")]
public sealed class AwsCliLaunchTests : AwsCli
{
    [Fact]
    public async Task It_makes_key_pairs_and_security_groups()
    {
        using var keys = await Machines.Keys.MakeAsync();
        await AllAsync(
            ($"ec2 import-key-pair --key-name imported --public-key-material fileb://{keys.PrivateFile}.pub --query KeyFingerprint --output text", output => Assert.EndsWith("=", output, StringComparison.Ordinal)),
            ("ec2 create-key-pair --key-name made --query KeyMaterial --output text",
                output => Assert.StartsWith("-----BEGIN RSA PRIVATE KEY-----", output, StringComparison.Ordinal)),
            ("ec2 describe-vpcs --query Vpcs[].IsDefault --output text", output => Assert.Equal("True", output)),
            ("ec2 describe-subnets --query length(Subnets) --output text", output => Assert.Equal("3", output)));
        var group = await AwsAsync(
            "ec2 create-security-group --group-name mine --description made-for-tests --query GroupId --output text");
        await AwsAsync($"ec2 authorize-security-group-ingress --group-id {group} --protocol tcp --port 22 --cidr 192.0.2.1/32");
        await AllAsync(
            ("ec2 describe-key-pairs --query sort(KeyPairs[].KeyName) --output text", output => Assert.Equal("imported\tmade", output)),
            ($"ec2 describe-security-groups --group-ids {group} --query SecurityGroups[0].IpPermissions[0].IpRanges[0].CidrIp --output text", output => Assert.Equal("192.0.2.1/32", output)),
            ($"ec2 create-tags --resources {group} --tags Key=spottrainer:a,Value=b", _ => { }));
        await AllAsync(
            ($"ec2 describe-tags --filters Name=resource-id,Values={group} --query Tags[].[ResourceType,Key,Value] --output text",
                output => Assert.Equal("security-group\tspottrainer:a\tb", output)),
            ($"ec2 revoke-security-group-ingress --group-id {group} --protocol tcp --port 22 --cidr 192.0.2.1/32", _ => { }),
            ("ec2 delete-key-pair --key-name made", _ => { }));
        await AwsAsync($"ec2 delete-tags --resources {group} --tags Key=spottrainer:a");
        await AwsAsync($"ec2 delete-security-group --group-id {group}");
        await FailsAsync($"ec2 delete-security-group --group-id {group}", "InvalidGroup.NotFound");
    }

    [Fact]
    public async Task It_launches_and_ends_instances()
    {
        var launch =
            $"ec2 run-instances --instance-type m5.large --image-id {TestEndpoint.Launch().ImageId} --client-token once --user-data hello"
            + " --instance-market-options MarketType=spot,SpotOptions={MaxPrice=0.09} --instance-initiated-shutdown-behavior terminate"
            + " --metadata-options HttpTokens=required,HttpPutResponseHopLimit=1"
            + " --block-device-mappings DeviceName=/dev/sda1,Ebs={VolumeSize=30,Encrypted=true} --tag-specifications ResourceType=instance,Tags=[{Key=a,Value=b}]"
            + " --query Instances[0].InstanceId --output text";
        var id = await AwsAsync(launch);
        Assert.Equal(id, await AwsAsync(launch));
        await Endpoint.InStateAsync(id, InstanceStateName.Running);
        Assert.Equal("hello", Endpoint.Machines.All[id].Spec.UserData);
        await AllAsync(
            ("ec2 describe-instances --filters Name=tag:a,Values=b Name=instance-state-name,Values=running --query Reservations[].Instances[].[InstanceId,PublicIpAddress] --output text",
                output => Assert.Equal($"{id}\t127.0.65.1", output)),
            ($"ec2 describe-instance-status --instance-ids {id} --query InstanceStatuses[0].InstanceStatus.Status --output text",
                output => Assert.Equal("ok", output)),
            ($"ec2 describe-volumes --filters Name=attachment.instance-id,Values={id} --query Volumes[].Size --output text",
                output => Assert.Equal("30", output)),
            ("ec2 describe-spot-instance-requests --query SpotInstanceRequests[].[State,SpotPrice] --output text",
                output => Assert.Equal("active\t0.09", output)),
            ($"ec2 get-console-output --instance-id {id} --query Output --output text",
                output => Assert.Equal($"the console of {id}", output)));
        var groups = await AwsAsync(
            $"ec2 describe-instances --instance-ids {id} --query Reservations[0].Instances[0].SecurityGroups[].GroupId --output text");
        var door = await AwsAsync("ec2 create-security-group --group-name door --description made-for-tests --query GroupId --output text");
        await AwsAsync($"ec2 authorize-security-group-ingress --group-id {door} --protocol tcp --port 8888 --cidr 192.0.2.1/32");
        await AwsAsync($"ec2 modify-instance-attribute --instance-id {id} --groups {groups} {door}");
        Assert.Equal(
            $"{groups}\t{door}",
            await AwsAsync(
                $"ec2 describe-instances --instance-ids {id} --query Reservations[0].Instances[0].SecurityGroups[].GroupId --output text"));
        Assert.Equal([new OpenPort(8888, System.Net.IPNetwork.Parse("192.0.2.1/32"))], Endpoint.Machines.All[id].Doors);
        await FailsAsync($"ec2 delete-security-group --group-id {door}", "DependencyViolation");
        await AwsAsync($"ec2 modify-instance-attribute --instance-id {id} --groups {groups}");
        Assert.Empty(Endpoint.Machines.All[id].Doors);
        await AwsAsync($"ec2 delete-security-group --group-id {door}");
        await FailsAsync($"ec2 modify-instance-attribute --instance-id {id} --groups {door}", "InvalidGroup.NotFound");
        Assert.Equal(
            "shutting-down",
            await AwsAsync($"ec2 terminate-instances --instance-ids {id} --query TerminatingInstances[0].CurrentState.Name --output text"));
        await Endpoint.InStateAsync(id, InstanceStateName.Terminated);
        Assert.Equal(
            "Client.UserInitiatedShutdown",
            await AwsAsync(
                $"ec2 describe-instances --instance-ids {id} --query Reservations[0].Instances[0].StateReason.Code --output text"));
    }
}
