using Amazon.EC2;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Market;

namespace SpotTrainer.Launch;

/// <summary>The reasons why offers could not be launched.</summary>
internal sealed class LaunchRefusals
{
    /// <summary>The module's own errors that concern one offer or one region.</summary>
    private static readonly HashSet<string> OurOfOneOffer = new(StringComparer.Ordinal)
    {
        "BudgetTooSmall", "ImageArchitectureWrong", "ImageDriverUnfit", "ImageNotFound", "InstanceEnded",
        "KeyPairDiffers", "MaxPriceTooLow", "NoDefaultVpc", "OnDemandTooExpensive",
        "PriceCapUnknown", "SecurityGroupLost", "SubnetElsewhere", "SubnetNotFound", "VpcDedicated",
    };

    /// <summary>The errors of a region that does not answer.</summary>
    private static readonly HashSet<string> OfSilence = new(StringComparer.Ordinal) { "ConnectionFailed", "TimedOut" };

    private readonly List<(SpotOffer Offer, bool OnDemand, SpotTrainerException Error)> refused = [];
    private readonly HashSet<string> silent = new(StringComparer.Ordinal);

    /// <summary>Whether another offer may succeed after this error.</summary>
    public static bool MayTryNext(Exception exception, SpotOffer offer) =>
        exception is AmazonEC2Exception ec2 && (AwsVerdict.Has(ec2, CodeTraits.OtherOffer) || IsClosedRegion(ec2))
        || OurOfOneOffer.Contains(ErrorTranslation.Translate(exception, offer).Id)
        || (IsSilence(exception, offer) && !AwsVerdict.IsForeign(exception));

    /// <summary>
    /// Whether to try an offer at all. If its region did not answer before, it will not now. If two regions did not answer, it is this
    /// computer's connection, and each further region would take half a minute.
    /// </summary>
    public bool MayTry(SpotOffer offer) => silent.Count < 2 && !silent.Contains(offer.Region);

    /// <summary>Records a refusal and returns a line that describes it.</summary>
    public string Add(SpotOffer offer, bool onDemand, Exception exception)
    {
        if (IsSilence(exception, offer))
        {
            silent.Add(offer.Region);
        }

        var error = ErrorTranslation.Translate(exception, offer);
        refused.Add((offer, onDemand, error));
        return Line(offer, onDemand, error);
    }

    /// <summary>Returns the error if every offer was refused: the common reason with the zones, or a list of all reasons.</summary>
    /// <param name="onDemandToo">Whether the offers were also tried on demand.</param>
    public SpotTrainerException ToError(bool onDemandToo)
    {
        var first = refused[0].Error;
        var fallback = onDemandToo ? string.Empty : ", add -OnDemandFallback";
        var next = $"Use more offers (other zones, types, or regions){fallback}, or try again later.";
        if (refused.Count == 1 || refused.TrueForAll(refusal => refusal.Error.Message == first.Message))
        {
            var where = string.Join("; ", refused.GroupBy(refusal => refusal.Offer.InstanceType, StringComparer.Ordinal)
                .Select(type => $"{type.Key} in {string.Join(", ", type.Select(refusal => refusal.Offer.Zone).Distinct(StringComparer.Ordinal))}"));
            return new SpotTrainerException(
                first.Id, first.Kind, $"{where}{(onDemandToo ? ", Spot and on demand" : string.Empty)}: {first.Message}",
                first.Kind == ErrorKind.ResourceUnavailable ? next : first.NextStep, refused[0].Offer, first);
        }

        var alike = refused.TrueForAll(refusal => refusal.Error.Id == first.Id);
        return new SpotTrainerException(alike ? first.Id : "NoOfferLaunched", alike ? first.Kind : ErrorKind.ResourceUnavailable,
            $"All {refused.Count} attempts to launch failed. "
            + string.Join(" ", refused.Select(refusal => Line(refusal.Offer, refusal.OnDemand, refusal.Error))),
            alike && first.Kind != ErrorKind.ResourceUnavailable ? first.NextStep : next, refused[refused.Count - 1].Offer, first);
    }

    private static bool IsSilence(Exception exception, SpotOffer offer) =>
        OfSilence.Contains(ErrorTranslation.Translate(exception, offer).Id);

    /// <summary>An organization can close regions with a service control policy. Another region may be open.</summary>
    private static bool IsClosedRegion(AmazonEC2Exception exception) =>
        exception.ErrorCode == "UnauthorizedOperation" && exception.Message.Contains("service control policy");

    private static string Line(SpotOffer offer, bool onDemand, SpotTrainerException error) =>
        $"{offer.InstanceType} in {offer.Zone}{(onDemand ? " on demand" : string.Empty)}: {error.Message}";
}
