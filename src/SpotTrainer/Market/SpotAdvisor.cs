using System.Net.Http;
using System.Text.Json;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Market;

/// <summary>
/// AWS's Spot advisor: how often machines of a type were interrupted in the last month, as a band. The public feed behind its page
/// (spot-advisor-data.json: <c>ranges</c> are the bands, <c>spot_advisor.REGION.Linux.TYPE.r</c> an index into them); kept for a day.
/// </summary>
internal sealed class SpotAdvisor
{
    private readonly Content? content;

    private SpotAdvisor(Content? content, string? failure)
    {
        this.content = content;
        Failure = failure;
    }

    /// <summary>Why the feed could not be had; null where it could.</summary>
    public string? Failure { get; }

    /// <summary>When it was fetched; null where it could not be had.</summary>
    public DateTimeOffset? Date => content?.Date;

    /// <summary>Gets the feed.</summary>
    public static async Task<SpotAdvisor> GetAsync(CloudContext cloud, CancellationToken cancellationToken)
    {
        if (DatedCache.Read<Content>(PathIn(cloud), cloud.Time) is { } copy && DatedCache.IsFresh(copy.Date, cloud.Time))
        {
            return new SpotAdvisor(copy, failure: null);
        }

        try
        {
            using var response = await Web.Client.GetAsync(Feed(cloud), cancellationToken);
            response.EnsureSuccessStatusCode();
            using var feed = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
            var fetched = Parse(feed.RootElement, cloud.Time.GetUtcNow());
            DatedCache.Write(PathIn(cloud), fetched);
            return new SpotAdvisor(fetched, failure: null);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested
            && exception is HttpRequestException or OperationCanceledException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return new SpotAdvisor(content: null, $"The Spot advisor's feed at {Feed(cloud)} can't be had: "
                + (exception is HttpRequestException or OperationCanceledException ? ErrorTranslation.Translate(exception, Feed(cloud)).Message : "it has another form than is known."));
        }
    }

    /// <summary>Gives the band of a type in a region, such as <c>5-10%</c>; null where the feed has none.</summary>
    public string? Band(string region, string type) =>
        content is not null && content.Regions.TryGetValue(region, out var types) && types.TryGetValue(type, out var index)
            && index >= 0 && index < content.Bands.Length ? content.Bands[index] : null;

    private static Uri Feed(CloudContext cloud) => cloud.PublicService(
        Environment.GetEnvironmentVariable("SPOTTRAINER_SPOT_ADVISOR_URL") is { Length: > 0 } given ? given : "https://spot-bid-advisor.s3.amazonaws.com/spot-advisor-data.json",
        "spot-advisor-data.json");

    /// <summary>Asked for anew before a copy is written: a rehearsal may have ended meanwhile, and its folder must not be made again.</summary>
    private static string PathIn(CloudContext cloud) => Path.Combine(cloud.CacheFolder, "spot-advisor.json");

    /// <summary>Takes out of the feed what is used of it.</summary>
    internal static Content Parse(JsonElement feed, DateTimeOffset date) => new(
        date,
        feed.GetProperty("ranges").EnumerateArray().OrderBy(range => range.GetProperty("index").GetInt32()).Select(range => range.GetProperty("label").GetString()!).ToArray(),
        feed.GetProperty("spot_advisor").EnumerateObject().Where(region => region.Value.TryGetProperty("Linux", out _)).ToDictionary(
            region => region.Name,
            region => region.Value.GetProperty("Linux").EnumerateObject()
                .ToDictionary(type => type.Name, type => type.Value.GetProperty("r").GetInt32(), StringComparer.Ordinal),
            StringComparer.Ordinal));

    /// <summary>What is used of the feed.</summary>
    /// <param name="Date">When it was fetched.</param>
    /// <param name="Bands">The bands' labels.</param>
    /// <param name="Regions">By region and type: which band.</param>
    internal sealed record Content(DateTimeOffset Date, string[] Bands, Dictionary<string, Dictionary<string, int>> Regions);
}
