using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>
/// Lets a parameter that takes offers also take <c>TYPE/ZONE</c>, and offers that crossed a process. <see cref="OfferFinder"/> looks them
/// up: their prices may have changed.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OfferReferenceAttribute : ReferenceAttribute
{
    private protected override object FromText(string text) => text.Split('/') is [{ Length: > 0 } type, { Length: > 1 } zone]
        ? new SpotOffer(zone.Substring(0, zone.Length - 1), zone, type, origin: null)
        : throw new ArgumentTransformationMetadataException(
            $"'{text}' is not an offer. Use offers from Find-SpotOffer, or a type and a zone, such as m7i.large/us-east-1a.",

            // With this inner exception, PowerShell takes text from the pipeline as instance types.
            new PSInvalidCastException());

    private protected override object? FromProperties(ObjectProperties properties) => properties.WereOf(typeof(SpotOffer))
        ? new SpotOffer(
            properties.Text("Region"), properties.Text("Zone"), properties.Text("InstanceType"),
            new ObjectOrigin(properties.Text("Region"), properties.Text("Account"), properties.Text("Endpoint")))
        : null;
}
