using System.Collections.Immutable;
using Amazon.EC2.Model;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Launch;

public sealed class PlanTests
{
    private static readonly OfferCriteria Type = new() { InstanceTypes = ["m7i.large"], First = 1 };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plan_without_problems_passes_and_changes_nothing()
    {
        await using var test = new TestCloud();
        var plan = await CheckAsync(test, request => request with { Budget = 1, LongestTime = TimeSpan.FromHours(100) });
        Assert.True(plan.Passed, string.Join('\n', plan.Checks));
        Assert.Equal(PlanResult.NotTestable, Assert.Single(plan.Checks, check => check.Result != PlanResult.Ok).Result);
        Assert.True(plan.ExpectedDuration > plan.Duration && plan.HighestCost <= 1);
        Assert.Contains("000000000000", plan.Checks[0].Detail, StringComparison.Ordinal);
        Assert.Empty(await test.MachinesAsync());
        Assert.Empty((await test.Endpoint.Ec2.DescribeKeyPairsAsync(Stop)).KeyPairs);
        Assert.Single((await test.Endpoint.Ec2.DescribeSecurityGroupsAsync(Stop)).SecurityGroups);
        Assert.False(Directory.Exists(test.Cloud.KeyFolder));
    }

    [Theory]
    [InlineData("quota", "allows 1 vCPUs, 0 are in use, and 2 more are needed")]
    [InlineData("network", "no default VPC")]
    [InlineData("permission to launch", "policies do not allow")]
    [InlineData("permission for keys", "policies do not allow")]
    [InlineData("permission for groups", "policies do not allow")]
    public async Task A_problem_at_AWS_is_one_failed_check_with_a_next_step(string name, string detail)
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(Type);
        await test.Endpoint.Endpoint.ChangeAsync(conditions => name switch
        {
            "quota" => conditions with { Quotas = ImmutableDictionary<string, int>.Empty.Add("L-34B43A08", 1) },
            "network" => conditions with { NoDefaultVpc = [.. test.Regions] },
            "permission to launch" => conditions with { Denied = ["RunInstances"] },
            "permission for keys" => conditions with { Denied = ["ImportKeyPair"] },
            _ => conditions with { Denied = ["AuthorizeSecurityGroupIngress"] },
        });
        var plan = await new PlanChecker(test.Cloud, new LaunchRequest { Offers = offers }, []).CheckAsync(Stop);
        var failed = plan.Checks.Where(check => check.Result == PlanResult.Failed).ToArray();
        Assert.Contains(
            failed, check => check.Name == name && check.Detail.Contains(detail, StringComparison.Ordinal) && check.NextStep.Length > 0);
        Assert.False(plan.Passed);

        // Without a default VPC, EC2 also refuses the dry runs.
        Assert.True(failed.Length == 1 || name == "network", string.Join('\n', failed.AsEnumerable()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_VPC_of_dedicated_tenancy_is_refused_before_anything_is_created(bool hasSubnet)
    {
        await using var test = new TestCloud();
        await using var proxy = new LossyProxy(
            test.Endpoint.Endpoint.Url, "Action=DescribeVpcs",
            change: text => text.Replace(
                "<instanceTenancy>default</instanceTenancy>", "<instanceTenancy>dedicated</instanceTenancy>", StringComparison.Ordinal));
        using var cloud = test.ContextOf(proxy.Url);
        var offers = await test.FindAsync(Type);
        var subnets = (await test.Endpoint.Ec2.DescribeSubnetsAsync(new DescribeSubnetsRequest(), Stop)).Subnets;
        var request = new LaunchRequest
        {
            Offers = offers, NoWait = true, Name = "dedicated",
            Subnet = hasSubnet ? subnets.Find(subnet => subnet.AvailabilityZone == offers[0].Zone)!.SubnetId : null,
        };
        var plan = await new PlanChecker(cloud, request, []).CheckAsync(Stop);
        Assert.Contains("dedicated hardware", Assert.Single(plan.Checks, check => check.Name == "network").Detail, StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => new Launcher(cloud, request, new LaunchPreparation(cloud, request, test.Context), test.Context)
                .LaunchAsync(_ => Task.CompletedTask, Stop));
        Assert.Equal("VpcDedicated", error.Id);
        Assert.Empty(await test.MachinesAsync());
        Assert.Empty((await test.Endpoint.Ec2.DescribeKeyPairsAsync(Stop)).KeyPairs);
    }

    [Fact]
    public async Task The_permissions_to_create_include_the_permission_to_tag()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(Type);
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Denied = ["CreateTags"] });
        var plan = await new PlanChecker(test.Cloud, new LaunchRequest { Offers = offers }, []).CheckAsync(Stop);
        Assert.Equal(
            ["permission to launch", "permission for keys", "permission for groups"],
            plan.Checks.Where(check => check.Result == PlanResult.Failed).Select(check => check.Name));
    }

    [Fact]
    public async Task What_the_credentials_do_not_allow_to_read_is_not_testable()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(Type);
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Denied = ["servicequotas:*"], NoSpotRole = true });
        var plan = await new PlanChecker(test.Cloud, new LaunchRequest { Offers = offers }, []).CheckAsync(Stop);
        Assert.True(plan.Passed);
        Assert.Equal(
            ["permission to end", "Spot role", "quota"],
            plan.Checks.Where(check => check.Result == PlanResult.NotTestable).Select(check => check.Name));
    }

    [Fact]
    public async Task Problems_on_this_computer_are_found()
    {
        await using var test = new TestCloud();
        using var folder = new TemporaryFolder();
        var key = folder.Write("key.pem", System.Text.Encoding.UTF8.GetString(
            OpenSshKeyFormat.Write(SshPrivateKey.MakeEd25519("made-for-tests"), passphrase: null)));
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        var gpu = await test.FindAsync(new OfferCriteria { InstanceTypes = ["g4dn.xlarge"], First = 1 });
        var plan = await new PlanChecker(
            test.Cloud,
            new LaunchRequest { Offers = gpu, Image = new ImageChoice("ubuntu-24.04"), KeyFile = key, MaxPrice = 0.002m,
                Budget = 0.000001m },
            [key, folder["no.ipynb"]]).CheckAsync(Stop);
        Assert.Equal(
            ["driver", "key pair", "price", "budget", "local file"],
            plan.Checks.Where(check => check.Result == PlanResult.Failed).Select(check => check.Name));
        Assert.Null(plan.Duration);
        Assert.Contains("chmod 600", plan.Checks.Single(check => check.Name == "key pair").NextStep, StringComparison.Ordinal);
    }

    private static async Task<SpotTrainingPlan> CheckAsync(TestCloud test, Func<LaunchRequest, LaunchRequest> change) =>
        await new PlanChecker(test.Cloud, change(new LaunchRequest { Offers = await test.FindAsync(Type) }), []).CheckAsync(Stop);
}
