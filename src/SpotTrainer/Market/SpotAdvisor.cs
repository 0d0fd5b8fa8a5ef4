using System.Text.Json;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Market;

/// <summary>
/// AWS's Spot advisor: how often machines of a type were interrupted in the last month, as a band. It reads the public feed behind the
/// advisor's page (spot-advisor-data.json: <c>ranges</c> are the bands, <c>spot_advisor.REGION.Linux.TYPE.r</c> is an index into them)
/// and keeps it for a day.
/// </summary>
internal sealed class SpotAdvisor
{
    private readonly Content? content;

    private SpotAdvisor(Content? content, string? failure)
    {
        this.content = content;
        Failure = failure;
    }

    /// <summary>Why the feed is not available; null if it is.</summary>
    public string? Failure { get; }

    /// <summary>When the feed was fetched; null if it is not available.</summary>
    public DateTimeOffset? Date => content?.Date;

    /// <summary>Returns the feed.</summary>
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
            var isNetwork = exception is HttpRequestException or OperationCanceledException;
            return new SpotAdvisor(content: null, $"The Spot advisor's feed at {Feed(cloud)} is not available: "
                + (isNetwork ? ErrorTranslation.Translate(exception, Feed(cloud)).Message : "It has an unknown format."));
        }
    }

    /// <summary>Returns the band of a type in a region, such as <c>5-10%</c>; null if the feed does not have it.</summary>
    public string? Band(string region, string type) =>
        content is not null && content.Regions.TryGetValue(region, out var types) && types.TryGetValue(type, out var index)
            && index >= 0 && index < content.Bands.Length ? content.Bands[index] : null;

    private static Uri Feed(CloudContext cloud) => cloud.PublicService(
        Environment.GetEnvironmentVariable("SPOTTRAINER_SPOT_ADVISOR_URL") is { Length: > 0 } given
            ? given
            : "https://spot-bid-advisor.s3.amazonaws.com/spot-advisor-data.json",
        "spot-advisor-data.json");

    /// <summary>Evaluated again before a write: a rehearsal may have ended by then, and its folder must not be created again.</summary>
    private static string PathIn(CloudContext cloud) => Path.Combine(cloud.CacheFolder, "spot-advisor.json");

    /// <summary>Extracts the used parts of the feed.</summary>
    internal static Content Parse(JsonElement feed, DateTimeOffset date) => new(
        date,
        feed.GetProperty("ranges").EnumerateArray().OrderBy(range => range.GetProperty("index").GetInt32())
            .Select(range => TerminalText.Clean(range.GetProperty("label").GetString()!)).ToArray(),
        feed.GetProperty("spot_advisor").EnumerateObject().Where(region => region.Value.TryGetProperty("Linux", out _)).ToDictionary(
            region => region.Name,
            region => region.Value.GetProperty("Linux").EnumerateObject()
                .ToDictionary(type => type.Name, type => type.Value.GetProperty("r").GetInt32(), StringComparer.Ordinal),
            StringComparer.Ordinal));

    /// <summary>The used parts of the feed.</summary>
    /// <param name="Date">When it was fetched.</param>
    /// <param name="Bands">The labels of the bands.</param>
    /// <param name="Regions">The index of the band, by region and type.</param>
    internal sealed record Content(DateTimeOffset Date, string[] Bands, Dictionary<string, Dictionary<string, int>> Regions);
}
