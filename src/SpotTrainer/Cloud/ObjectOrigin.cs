using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>
/// Where an object that crossed a process came from. The endpoint is only compared with the current cloud's. It is never used as an
/// address, because a file with saved objects can say anything.
/// </summary>
/// <param name="Region">The region.</param>
/// <param name="Account">The account's number; empty if it was not known.</param>
/// <param name="Endpoint">The endpoint's URL; empty for AWS's own.</param>
internal sealed record ObjectOrigin(string Region, string Account, string Endpoint)
{
    /// <summary>Returns the current cloud, if the objects came from it.</summary>
    /// <param name="what">The object, for the message.</param>
    /// <param name="resolve">Returns the current cloud.</param>
    /// <param name="cancellationToken">Cancels the call that asks for the account.</param>
    /// <exception cref="SpotTrainerException"><c>OtherCloud</c>, <c>UnknownRegion</c>.</exception>
    public async Task<CloudContext> RequireAsync(string what, Func<CloudContext> resolve, CancellationToken cancellationToken)
    {
        var isRehearsal = Account == CloudContext.RehearsalAccount;
        if (isRehearsal && CloudResolver.FindRehearsal(profileName: null, endpointUrl: null) is null)
        {
            throw Other(what, "a rehearsal", "no rehearsal is on");
        }

        var cloud = resolve();
        if (!string.Equals(Endpoint.TrimEnd('/'), cloud.Endpoint?.TrimEnd('/') ?? string.Empty, StringComparison.OrdinalIgnoreCase))
        {
            throw Other(
                what, isRehearsal ? "another rehearsal" : Endpoint.Length > 0 ? "another endpoint" : "AWS",
                cloud.IsRehearsal ? "a rehearsal is on" : $"the current endpoint is {cloud.Endpoint ?? "AWS's own"}");
        }

        var account = await cloud.GetAccountAsync(cancellationToken);
        if (Account.Length > 0 && Account != account)
        {
            throw Other(what, $"the account {Account}", $"the current credentials are those of {account}");
        }

        RegionNames.Require(Region);
        return cloud;
    }

    private static SpotTrainerException Other(string what, string where, string now) => new(
        "OtherCloud", ErrorKind.InvalidArgument, $"{what} belongs to {where}, but {now}.",
        "Use the same rehearsal, or the same profile (AWS_PROFILE), as when the object was made.", what);
}
