using System.Collections;
using Amazon.Runtime;
using SpotTrainer.Cloud;

namespace SpotTrainer.Rehearsal;

/// <summary>A rehearsal: the embedded stand-in for EC2 on this computer. It needs no account and costs nothing.</summary>
public sealed class SpotRehearsal
{
    internal SpotRehearsal(IRehearsalHost host, string region)
    {
        Host = host;
        EndpointUrl = host.Endpoint.ToString();
        Cloud = new CloudContext(
            new BasicAWSCredentials(host.AccessKeyId, host.SecretAccessKey), region, host.Endpoint.ToString(), host.Folder, host.Account)
        {
            StandIns = RehearsalControl.StandIns(host.CondaMirror.ToString()),
        };
        Region = region;
        Started = Cloud.Time.GetLocalNow();
        State = "running";
    }

    /// <summary>Creates what stands for a rehearsal that has not been looked up yet.</summary>
    internal SpotRehearsal(string endpointUrl) =>
        (EndpointUrl, Region, State, Cloud, Host) = (endpointUrl, string.Empty, string.Empty, null!, null!);

    /// <summary>The URL of its EC2 endpoint, on loopback.</summary>
    public string EndpointUrl { get; }

    /// <summary>The region that cmdlets use if no other is given.</summary>
    public string Region { get; }

    /// <summary>The account ID, which is made up.</summary>
    public string Account => Host.Account;

    /// <summary>When it was started.</summary>
    public DateTimeOffset Started { get; }

    /// <summary><c>running</c> or <c>ended</c>.</summary>
    public string State { get; internal set; }

    /// <summary>
    /// The environment variables with which other processes use the rehearsal. SPOTTRAINER_REHEARSAL is for this module. AWS's usual
    /// variables (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION) are for other programs. The secret is
    /// worthless elsewhere.
    /// </summary>
    public IDictionary Environment => new Hashtable(StringComparer.Ordinal)
    {
        ["AWS_ENDPOINT_URL"] = EndpointUrl,
        ["AWS_ACCESS_KEY_ID"] = Host.AccessKeyId,
        ["AWS_SECRET_ACCESS_KEY"] = Host.SecretAccessKey,
        ["AWS_DEFAULT_REGION"] = Region,
        [SharedRehearsal.Variable] = Host.Folder,
    };

    /// <summary>What AWS would have charged for each instance so far, as the rehearsal computes it. Nobody pays it.</summary>
    public IReadOnlyList<RehearsalCharge> Charges => Host.GetChargesAsync().GetAwaiter().GetResult();

    internal CloudContext Cloud { get; }

    internal IRehearsalHost Host { get; }

    /// <summary>Whether it has only a URL, because it has not been looked up yet.</summary>
    internal bool IsReference => Host is null;

    /// <inheritdoc/>
    public override string ToString() => $"rehearsal at {EndpointUrl}";
}
