using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>
/// What instance types have (DescribeInstanceTypes). It is the same in every region: each type is asked for once, in the region where
/// its price came up first, and those who want it meanwhile wait for that answer.
/// </summary>
internal sealed class InstanceTypeCatalog
{
    /// <summary>How many types one question names: as many as a page holds.</summary>
    private const int TypesAtOnce = 100;

    private readonly Dictionary<string, Task<IReadOnlyDictionary<string, InstanceTypeSize>>> asked = new(StringComparer.Ordinal);

    /// <summary>Gives the sizes of types. One that EC2 does not describe is not in it.</summary>
    public async Task<IReadOnlyDictionary<string, InstanceTypeSize>> GetAsync(IAmazonEC2 ec2, IEnumerable<string> types, CancellationToken cancellationToken)
    {
        var wanted = types.Distinct(StringComparer.Ordinal).ToArray();
        var sizes = new Dictionary<string, InstanceTypeSize>(StringComparer.Ordinal);
        for (var mayRepeat = true; ; mayRepeat = false)
        {
            try
            {
                foreach (var (type, answer) in Claim(ec2, wanted, cancellationToken))
                {
                    if ((await answer.OrStopped(cancellationToken)).TryGetValue(type, out var size))
                    {
                        sizes[type] = size;
                    }
                }

                return sizes;
            }
            catch (Exception) when (mayRepeat && !cancellationToken.IsCancellationRequested)
            {
                // It may have been another region's question that failed: this one asks itself.
                Forget(wanted);
            }
        }
    }

    /// <summary>Sees to it that EC2 knows types that a user named.</summary>
    /// <exception cref="AmazonEC2Exception">EC2 does not know one of them.</exception>
    public static async Task RequireKnownAsync(IAmazonEC2 ec2, IEnumerable<string> types, CancellationToken cancellationToken) =>
        await ec2.DescribeInstanceTypesAsync(new DescribeInstanceTypesRequest { InstanceTypes = types.Take(TypesAtOnce).ToList() }, cancellationToken);

    private void Forget(string[] types)
    {
        lock (asked)
        {
            foreach (var type in types.Where(type => asked.TryGetValue(type, out var answer) && answer.IsCompleted && answer.Status != TaskStatus.RanToCompletion))
            {
                asked.Remove(type);
            }
        }
    }

    private List<(string, Task<IReadOnlyDictionary<string, InstanceTypeSize>>)> Claim(IAmazonEC2 ec2, string[] types, CancellationToken cancellationToken)
    {
        lock (asked)
        {
            var unknown = types.Where(type => !asked.ContainsKey(type)).ToArray();
            for (var start = 0; start < unknown.Length; start += TypesAtOnce)
            {
                var chunk = unknown.Skip(start).Take(TypesAtOnce).ToList();
                var answer = Task.Run(() => AskAsync(ec2, chunk, cancellationToken), CancellationToken.None);
                chunk.ForEach(type => asked[type] = answer);
            }

            return types.Select(type => (type, asked[type])).ToList();
        }
    }

    private static async Task<IReadOnlyDictionary<string, InstanceTypeSize>> AskAsync(IAmazonEC2 ec2, List<string> types, CancellationToken cancellationToken)
    {
        var sizes = new Dictionary<string, InstanceTypeSize>(StringComparer.Ordinal);

        // By filter, not by name: the price history has names of types that are described no longer, and one of them would fail them all.
        var request = new DescribeInstanceTypesRequest { Filters = [new Filter("instance-type", types), new Filter("supported-usage-class", ["spot"])] };
        do
        {
            var page = await ec2.DescribeInstanceTypesAsync(request, cancellationToken);
            foreach (var info in page.InstanceTypes)
            {
                sizes[info.InstanceType.Value] = Size(info);
            }

            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return sizes;
    }

    private static InstanceTypeSize Size(InstanceTypeInfo info)
    {
        var gpus = info.GpuInfo?.Gpus ?? [];
        var architectures = info.ProcessorInfo?.SupportedArchitectures ?? [];
        return new InstanceTypeSize(
            info.InstanceType.Value,
            info.VCpuInfo.DefaultVCpus ?? 0,
            (info.MemoryInfo.SizeInMiB ?? 0) / 1024.0,
            gpus.Sum(gpu => gpu.Count ?? 0),
            gpus.FirstOrDefault()?.Name ?? string.Empty,
            (info.GpuInfo?.TotalGpuMemoryInMiB ?? 0) / 1024.0,
            architectures.Contains("arm64") ? "arm64" : "x86_64",
            info.BurstablePerformanceSupported ?? false,
            info.BareMetal ?? false,
            info.CurrentGeneration ?? true)
        {
            GpuMaker = gpus.FirstOrDefault()?.Manufacturer ?? string.Empty,
        };
    }
}
