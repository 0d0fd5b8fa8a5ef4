using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpotTrainer.Market;

/// <summary>
/// Writes an offer into a saved request, and reads it back. It saves what a launch needs, but not the cloud or its credentials. The reader
/// sets the cloud (<see cref="SpotOffer.In"/>).
/// </summary>
internal sealed class SpotOfferConverter : JsonConverter<SpotOffer>
{
    /// <inheritdoc/>
    public override SpotOffer Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var saved = JsonSerializer.Deserialize<Saved>(ref reader, options) ?? throw new JsonException("An offer is missing.");
        var price = new CurrentPrice(saved.Size.Name, saved.Zone, new SpotPricePoint(saved.PriceTime, saved.Price));
        return new SpotOffer(
            cloud: null, new Candidate(saved.Region, price, saved.Size, saved.DiskPrice)) { OnDemandPrice = saved.OnDemandPrice };
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, SpotOffer value, JsonSerializerOptions options) => JsonSerializer.Serialize(
        writer, new Saved(value.Region, value.Zone, value.Size, value.Price, value.PriceTime, value.OnDemandPrice, value.DiskPrice),
        options);

    private sealed record Saved(
        string Region, string Zone, InstanceTypeSize Size, decimal Price, DateTimeOffset PriceTime, decimal? OnDemandPrice,
        decimal? DiskPrice);
}
