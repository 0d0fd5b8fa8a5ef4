using SpotTrainer.Rehearsal.Endpoint;
using SpotTrainer.Rehearsal.Machines;

namespace SpotTrainer.Rehearsal;

/// <summary>A running rehearsal: its machines' network and its endpoint.</summary>
internal sealed class RehearsalHost(Vpc vpc, Ec2Endpoint endpoint, string folder) : IRehearsalHost
{
    private IReadOnlyList<RehearsalCharge>? lastCharges;

    /// <inheritdoc/>
    public Uri Endpoint => endpoint.Url;

    /// <inheritdoc/>
    public string AccessKeyId => endpoint.AccessKeyId;

    /// <inheritdoc/>
    public string SecretAccessKey => endpoint.SecretAccessKey;

    /// <inheritdoc/>
    public string Account => Ec2Endpoint.Account;

    /// <inheritdoc/>
    public string Folder => folder;

    /// <inheritdoc/>
    public Uri CondaMirror => new($"http://{Vpc.RouterAddress}/miniconda");

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RehearsalCharge>> GetChargesAsync() => lastCharges ?? await endpoint.GetChargesAsync();

    /// <inheritdoc/>
    public async Task StopAsync()
    {
        // What runs until now ends now.
        lastCharges ??= await endpoint.GetChargesAsync();
        try
        {
            await endpoint.DisposeAsync();
        }
        finally
        {
            await vpc.DisposeAsync();
        }
    }
}
