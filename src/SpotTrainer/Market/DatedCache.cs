using System.Text.Json;
using SpotTrainer.Foundation;

namespace SpotTrainer.Market;

/// <summary>Keeps what AWS publishes and rarely changes on disk, with its date, and uses it for a day.</summary>
internal static class DatedCache
{
    /// <summary>How long a copy is used.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>Reads a copy that is not too old; null if there is none, or if it cannot be read.</summary>
    public static T? Read<T>(string path, TimeProvider time)
        where T : class
    {
        try
        {
            if (!IsFresh(new DateTimeOffset(File.GetLastWriteTimeUtc(path)), time))
            {
                return null;
            }

            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(stream);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Writes a copy that only this user can read. A full disk, or another process writing it, must not fail the step.</summary>
    public static void Write<T>(string path, T value)
    {
        try
        {
            PrivateFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(value), overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next step fetches it again.
        }
    }

    /// <summary>Whether something with that date may still be used. A date in the far future comes from a wrong clock.</summary>
    public static bool IsFresh(DateTimeOffset date, TimeProvider time) => time.GetUtcNow() - date is var age && age < Life && age > -Life;
}

/// <summary>Something that AWS published, with the time at which it was fetched.</summary>
/// <param name="Value">The value; null if it was requested and does not exist.</param>
/// <param name="Date">When it was fetched.</param>
internal sealed record Dated<T>(T? Value, DateTimeOffset Date);
