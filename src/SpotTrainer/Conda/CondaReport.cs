using System.Text.Json;
using SpotTrainer.Foundation;

namespace SpotTrainer.Conda;

/// <summary>What a host says of a stack (report_stack.py).</summary>
internal sealed class CondaReport
{
    /// <summary>More packages are no stack.</summary>
    private const int MostPackages = 10_000;

    private CondaReport(JsonElement root)
    {
        Prefix = Text(root, "prefix") ?? string.Empty;
        CondaVersion = Text(root, "conda") ?? string.Empty;
        PythonVersion = Text(root, "python") ?? string.Empty;
        Platform = Text(root, "platform") ?? string.Empty;
        Packages =
        [
            .. List(root, "packages").Select(one => new CondaPackage(
                Required(one, "name"), Required(one, "version"), Text(one, "build"), ShortChannel(Text(one, "channel")))
                { Url = Text(one, "url"), Md5 = Text(one, "md5") }),
            .. List(root, "pip").Select(one => new CondaPackage(Required(one, "name"), Required(one, "version"), build: null, "pypi")),
        ];
        Errors = List(root, "errors").Select(one => (Required(one, "module"), Required(one, "error"))).ToArray();
    }

    public string Prefix { get; }

    public string CondaVersion { get; }

    public string PythonVersion { get; }

    public string Platform { get; }

    public IReadOnlyList<CondaPackage> Packages { get; }

    /// <summary>The modules that Python cannot import, and why.</summary>
    public IReadOnlyList<(string Module, string Error)> Errors { get; }

    /// <summary>Reads a report.</summary>
    /// <exception cref="SpotTrainerException"><c>StackReportDamaged</c>.</exception>
    public static CondaReport Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return new CondaReport(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw CondaErrors.Damaged(exception);
        }
    }

    /// <summary>Returns the end of a channel's address, which is its name.</summary>
    private static string? ShortChannel(string? channel)
    {
        var parts = channel?.Split(['/'], StringSplitOptions.RemoveEmptyEntries) ?? [];
        return parts.LastOrDefault(part => part is not ("linux-64" or "linux-aarch64" or "noarch"));
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Required(JsonElement element, string name) => Text(element, name) ?? throw new JsonException($"It has no {name}.");

    private static IEnumerable<JsonElement> List(JsonElement root, string name) =>
        root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() <= MostPackages
            ? list.EnumerateArray() : throw new JsonException($"It has no {name}.");
}
