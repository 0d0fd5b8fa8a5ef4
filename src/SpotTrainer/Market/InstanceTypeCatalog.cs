using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Foundation;

namespace SpotTrainer.Market;

/// <summary>
/// Looks up what instance types have (DescribeInstanceTypes). That is the same in every region, so each type is requested only once, in the
/// region whose prices name it first. The other regions wait for that answer, but not long.
/// </summary>
internal sealed class InstanceTypeCatalog(TimeProvider time)
{
    /// <summary>The number of types in one request: as many as fit on a page of the response.</summary>
    private const int TypesAtOnce = 100;

    /// <summary>How long a region waits for another region's answer, which may never come, before it asks itself.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, Task<IReadOnlyDictionary<string, InstanceTypeSize>>> asked = new(StringComparer.Ordinal);

    /// <summary>Whether types that are sold on demand only are included.</summary>
    public bool IncludeOnDemandOnly { get; init; }

    /// <summary>Returns the sizes of types. A type that EC2 does not describe is not included.</summary>
    public async Task<IReadOnlyDictionary<string, InstanceTypeSize>> GetAsync(
        IAmazonEC2 ec2, IEnumerable<string> types, CancellationToken cancellationToken)
    {
        var wanted = types.Distinct(StringComparer.Ordinal).ToArray();
        var own = new HashSet<Task>();
        var answers = Claim(ec2, wanted, own, _ => true, cancellationToken);
        if (!await CameAsync(answers.Values.Where(answer => !own.Contains(answer)), cancellationToken))
        {
            var late = wanted.Where(type => !own.Contains(answers[type]) && !HasCome(answers[type])).ToArray();
            foreach (var (type, answer) in Claim(ec2, late, own, HasCome, cancellationToken).Select(entry => (entry.Key, entry.Value)))
            {
                answers[type] = answer;
            }
        }

        var sizes = new Dictionary<string, InstanceTypeSize>(StringComparer.Ordinal);
        foreach (var type in wanted)
        {
            if ((await answers[type].OrStopped(cancellationToken)).TryGetValue(type, out var size))
            {
                sizes[type] = size;
            }
        }

        return sizes;
    }

    /// <summary>Ensures that EC2 knows the types that a user named.</summary>
    /// <exception cref="AmazonEC2Exception">EC2 does not know one of them.</exception>
    public static async Task RequireKnownAsync(IAmazonEC2 ec2, IEnumerable<string> types, CancellationToken cancellationToken) =>
        await ec2.DescribeInstanceTypesAsync(
            new DescribeInstanceTypesRequest { InstanceTypes = types.Take(TypesAtOnce).ToList() }, cancellationToken);

    /// <summary>Returns whether all answers of the other regions came in time.</summary>
    private async Task<bool> CameAsync(
        IEnumerable<Task<IReadOnlyDictionary<string, InstanceTypeSize>>> others, CancellationToken cancellationToken)
    {
        using var patience = time.Limit(Patience, cancellationToken);
        try
        {
            await Task.WhenAll(others).OrStopped(patience.Token);
            return true;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static bool HasCome(Task answer) => answer.Status == TaskStatus.RanToCompletion;

    /// <summary>Returns the answers for types, and requests the types that have no usable answer yet.</summary>
    private Dictionary<string, Task<IReadOnlyDictionary<string, InstanceTypeSize>>> Claim(
        IAmazonEC2 ec2, string[] types, HashSet<Task> own, Func<Task, bool> counts, CancellationToken cancellationToken)
    {
        lock (asked)
        {
            var unknown = types.Where(type => !asked.TryGetValue(type, out var answer) || !counts(answer)).ToArray();
            for (var start = 0; start < unknown.Length; start += TypesAtOnce)
            {
                var chunk = unknown.Skip(start).Take(TypesAtOnce).ToList();
                var answer = Task.Run(() => AskAsync(ec2, chunk, cancellationToken), CancellationToken.None);
                chunk.ForEach(type => asked[type] = answer);
                own.Add(answer);
            }

            return types.ToDictionary(type => type, type => asked[type], StringComparer.Ordinal);
        }
    }

    private async Task<IReadOnlyDictionary<string, InstanceTypeSize>> AskAsync(
        IAmazonEC2 ec2, List<string> types, CancellationToken cancellationToken)
    {
        var sizes = new Dictionary<string, InstanceTypeSize>(StringComparer.Ordinal);

        // Filter instead of naming the types: the price history has types that EC2 no longer describes, and one would fail the request.
        var request = new DescribeInstanceTypesRequest { Filters = [new Filter("instance-type", types)] };
        if (!IncludeOnDemandOnly)
        {
            request.Filters.Add(new Filter("supported-usage-class", ["spot"]));
        }

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
            TerminalText.Clean(gpus.FirstOrDefault()?.Name ?? string.Empty),
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
