using Amazon.EC2;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Market;

namespace SpotTrainer.Launch;

/// <summary>What stood in the way of each offer that was tried.</summary>
internal sealed class LaunchRefusals
{
    /// <summary>Errors of ours that concern one offer, or one region.</summary>
    private static readonly HashSet<string> OurOfOneOffer = new(StringComparer.Ordinal)
    {
        "BudgetTooSmall", "ConnectionFailed", "ImageArchitectureWrong", "ImageDriverUnfit", "ImageNotFound", "InstanceEnded", "KeyPairDiffers", "MaxPriceTooLow", "NoDefaultVpc", "OnDemandTooDear",
        "PriceCapUnknown", "SecurityGroupLost", "SubnetElsewhere", "SubnetNotFound", "TimedOut",
    };

    private readonly List<(SpotOffer Offer, bool OnDemand, SpotTrainerException Error)> refused = [];

    /// <summary>Whether another offer may be launched where this one was refused so.</summary>
    public static bool MayTryNext(Exception exception, SpotOffer offer) =>
        exception is AmazonEC2Exception ec2 && (AwsVerdict.Has(ec2, CodeTraits.OtherOffer) || IsClosedRegion(ec2))
        || OurOfOneOffer.Contains(ErrorTranslation.Translate(exception, offer).Id);

    /// <summary>Remembers a refusal, and gives the line that tells of it.</summary>
    public string Add(SpotOffer offer, bool onDemand, Exception exception)
    {
        var error = ErrorTranslation.Translate(exception, offer);
        refused.Add((offer, onDemand, error));
        return Line(offer, onDemand, error);
    }

    /// <summary>The error that a user sees when every offer was refused: where the reason is the same for all, it and where it was met; else all of them.</summary>
    /// <param name="onDemandToo">Whether they were tried on demand, too.</param>
    public SpotTrainerException ToError(bool onDemandToo)
    {
        var first = refused[0].Error;
        var next = $"Pipe more offers (other zones, types or regions){(onDemandToo ? string.Empty : ", add -OnDemandFallback")}, or try again later.";
        if (refused.Count == 1 || refused.TrueForAll(refusal => refusal.Error.Message == first.Message))
        {
            var where = string.Join("; ", refused.GroupBy(refusal => refusal.Offer.InstanceType, StringComparer.Ordinal)
                .Select(type => $"{type.Key} in {string.Join(", ", type.Select(refusal => refusal.Offer.Zone).Distinct(StringComparer.Ordinal))}"));
            return new SpotTrainerException(first.Id, first.Kind, $"{where}{(onDemandToo ? ", on demand, too" : string.Empty)}: {first.Message}",
                first.Kind == ErrorKind.ResourceUnavailable ? next : first.NextStep, refused[0].Offer, first);
        }

        var alike = refused.TrueForAll(refusal => refusal.Error.Id == first.Id);
        return new SpotTrainerException(alike ? first.Id : "NoOfferLaunched", alike ? first.Kind : ErrorKind.ResourceUnavailable,
            $"None of the {refused.Count} attempts led to a machine. {string.Join(" ", refused.Select(refusal => Line(refusal.Offer, refusal.OnDemand, refusal.Error)))}",
            alike && first.Kind != ErrorKind.ResourceUnavailable ? first.NextStep : next, refused[refused.Count - 1].Offer, first);
    }

    /// <summary>An organization closes regions by its service control policies: another region may be open.</summary>
    private static bool IsClosedRegion(AmazonEC2Exception exception) =>
        exception.ErrorCode == "UnauthorizedOperation" && exception.Message.Contains("service control policy");

    private static string Line(SpotOffer offer, bool onDemand, SpotTrainerException error) =>
        $"{offer.InstanceType} in {offer.Zone}{(onDemand ? " on demand" : string.Empty)}: {error.Message}";
}
