using System.Text.Json;
using SpotTrainer.Foundation;

namespace SpotTrainer.Market;

/// <summary>What AWS publishes and changes seldom, kept on disk with its date and used for a day.</summary>
internal static class DatedCache
{
    /// <summary>How long a copy is used.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>Reads a copy that is not too old; null where there is none. One that can't be read counts as none: it is only a copy.</summary>
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

    /// <summary>Keeps a copy, for this user alone. A disk that is full, or another process at the same place, must not fail the step.</summary>
    public static void Write<T>(string path, T value)
    {
        try
        {
            PrivateFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(value), overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is asked for again next time.
        }
    }

    /// <summary>Whether something of that date may still be used. A date to come is a wrong clock's.</summary>
    public static bool IsFresh(DateTimeOffset date, TimeProvider time) => time.GetUtcNow() - date is var age && age < Life && age > -Life;
}

/// <summary>Something that was published, with the moment at which it was fetched.</summary>
/// <param name="Value">What it says; null where it was asked for and is not there.</param>
/// <param name="Date">When it was fetched.</param>
internal sealed record Dated<T>(T? Value, DateTimeOffset Date);
