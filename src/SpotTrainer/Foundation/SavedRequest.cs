using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpotTrainer.Foundation;

/// <summary>Writes the request of a step to disk, readable by this user alone, and reads it back.</summary>
internal static class SavedRequest
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Writes a request, replacing an older one.</summary>
    public static void Write<T>(string path, T request) =>
        PrivateFile.Write(path, Encoding.UTF8.GetBytes(ToText(request)), overwrite: true);

    /// <summary>Reads a request.</summary>
    /// <exception cref="SpotTrainerException"><c>RequestInvalid</c>: the file is not such a request.</exception>
    public static T Read<T>(string path)
        where T : class
    {
        try
        {
            return FromText<T>(File.ReadAllText(path));
        }
        catch (JsonException exception)
        {
            throw new SpotTrainerException("RequestInvalid", ErrorKind.InvalidData, $"{path} is not a saved request, or it is damaged.",
                "Save the request again.", path, exception);
        }
    }

    /// <summary>Returns the JSON text of a request.</summary>
    public static string ToText<T>(T request) => JsonSerializer.Serialize(request, Options);

    /// <summary>Reads a request from its JSON text.</summary>
    /// <exception cref="JsonException">The text is not such a request.</exception>
    public static T FromText<T>(string text)
        where T : class => JsonSerializer.Deserialize<T>(text, Options) ?? throw new JsonException("The request is missing.");
}
