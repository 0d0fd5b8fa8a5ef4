using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Amazon.EC2.Model;
using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Keys;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Endpoint;
using SpotTrainer.Rehearsal.Machines;
using Vpc = SpotTrainer.Rehearsal.Machines.Vpc;

namespace SpotTrainer.Benchmarks;

/// <summary>
/// Measures the time from the launch to an instance that is ready (pinned key, deadline read back, its own host key), compared with the
/// boot alone: the same call with the SDK, until the instance's SSH server sends its first line. Both run alternately in one rehearsal.
/// </summary>
internal static class LaunchBenchmark
{
    private const int Rounds = 9;

    public static async Task RunAsync()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"st-bench-{Guid.NewGuid():N}"[..17]);
        await using var vpc = await Vpc.StartAsync(folder, new VpcOptions(), CancellationToken.None);
        await using var endpoint = Ec2Endpoint.Start(vpc, new EndpointOptions());
        vpc.ConnectEndpoint(endpoint.Url.Port);
        using var cloud = new CloudContext(
            new BasicAWSCredentials(endpoint.AccessKeyId, endpoint.SecretAccessKey), "us-east-1", endpoint.Url.ToString(), folder,
            "000000000000");
        var context = new StepContext(new Quiet());
        var offers = await OfferFinder.FindAsync(
            cloud, ["us-east-1"], new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }, context, CancellationToken.None);
        var request = new LaunchRequest { Offers = offers, Name = "bench", LongestTime = TimeSpan.FromHours(1) };
        var preparation = new LaunchPreparation(cloud, request, context);
        var (ready, boot) = (new List<double>(), new List<double>());
        for (var round = 0; round <= Rounds; round++)
        {
            var clock = Stopwatch.StartNew();
            var instance = await new Launcher(cloud, request, preparation, context)
                .LaunchAsync(_ => Task.CompletedTask, CancellationToken.None);
            var took = clock.Elapsed.TotalSeconds;
            await Terminator.TerminateAsync(instance, context, CancellationToken.None);

            var setup = await preparation.ForAsync(offers[0], CancellationToken.None);
            var run = new RunRequest(
                request, offers[0], onDemand: false, setup, SshPrivateKey.MakeEd25519("bench"), context.Now,
                context.Now.AddHours(1)).Make();
            clock.Restart();
            var id = (await cloud.Ec2().RunInstancesAsync(run)).Reservation.Instances[0].InstanceId;
            await UntilBannerAsync(cloud, id, context);
            var booted = clock.Elapsed.TotalSeconds;
            await cloud.Ec2().TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] });

            // The first round includes JIT compilation.
            if (round > 0)
            {
                ready.Add(took);
                boot.Add(booted);
            }
        }

        context.Session.Dispose();
        var added = ready.Zip(boot, (one, other) => one - other).Order().ElementAt(Rounds / 2);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"launch to ready {Measure.Median(ready):0.00} s; the boot alone {Measure.Median(boot):0.00} s; added {added:0.00} s (median of {Rounds})"));
    }

    private static async Task UntilBannerAsync(CloudContext cloud, string id, StepContext context)
    {
        while (true)
        {
            var instance = await InstanceWaiter.UntilKnownAsync(cloud, cloud.Region, id, context, CancellationToken.None);
            if (instance.State == "running" && instance.HostName.Length > 0)
            {
                try
                {
                    using var client = new TcpClient();
                    await client.ConnectAsync(instance.HostName, instance.Port);
                    var banner = new byte[4];
                    if (await client.GetStream().ReadAtLeastAsync(banner, banner.Length, throwOnEndOfStream: false) == banner.Length
                        && Encoding.ASCII.GetString(banner) == "SSH-")
                    {
                        return;
                    }
                }
                catch (Exception exception) when (exception is SocketException or IOException)
                {
                    // The SSH server does not respond yet.
                }
            }

            await Task.Delay(10);
        }
    }
}
