using System.Globalization;
using System.Text.Json;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Reads what the scripts print about a server (<c>KEY VALUE</c>). What comes from a host can be anything.</summary>
internal sealed class ServerReport
{
    /// <summary>More kernels than a machine can run.</summary>
    private const int MostKernels = 200;

    private readonly ILookup<string, string> values;

    public ServerReport(string output) => values = output.Split('\n').Select(line => line.Split([' '], 2)).Where(line => line.Length == 2)
        .ToLookup(line => line[0], line => line[1], StringComparer.Ordinal);

    /// <summary>Whether the port was to be opened since the last stop.</summary>
    public bool WasOpened => values["opened"].Any();

    /// <summary>Returns the server.</summary>
    /// <param name="host">The host.</param>
    /// <param name="prefix">The folder of the Python stack, if the host does not say it.</param>
    /// <param name="state">Its state; null for the one that the host says.</param>
    /// <param name="fingerprint">The fingerprint of its certificate.</param>
    public JupyterServer ToServer(TrainingHost host, string prefix, string? state, string fingerprint)
    {
        var notebooks = Notebooks();
        return new JupyterServer(host, Text("prefix") is { Length: > 0 } known ? known : prefix, Number("port"), state ?? Text("state"))
        {
            ProcessId = (state ?? Text("state")) == "stopped" ? 0 : Number("pid"), Version = Text("version"), Kind = Text("kind"), Root = Text("root"),
            OpenPort = Text("door") == "open", Restarts = Number("restarts"), CertificateFingerprint = fingerprint,
            LastActivity = Json("status") is { ValueKind: JsonValueKind.Object } status ? Moment(status, "last_activity") : null,
            Kernels = [.. Items("kernels").Take(MostKernels).Select(kernel => new JupyterKernel(
                Text(kernel, "id"), Text(kernel, "name"), Text(kernel, "execution_state"), Moment(kernel, "last_activity"),
                kernel.TryGetProperty("connections", out var count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt32(out var number) ? number : 0,
                notebooks.TryGetValue(Text(kernel, "id"), out var notebook) ? notebook : string.Empty))],
        };
    }

    private Dictionary<string, string> Notebooks()
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var session in Items("sessions").Take(MostKernels))
        {
            if (session.TryGetProperty("kernel", out var kernel) && kernel.ValueKind == JsonValueKind.Object)
            {
                found[Text(kernel, "id")] = Text(session, "path");
            }
        }

        return found;
    }

    private string Text(string key) => TerminalText.Line((values[key].FirstOrDefault() ?? string.Empty).Trim());

    private int Number(string key) => int.TryParse(Text(key), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private JsonElement? Json(string key)
    {
        try
        {
            return values[key].FirstOrDefault() is { } text ? JsonSerializer.Deserialize<JsonElement>(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private IEnumerable<JsonElement> Items(string key) => Json(key) is { ValueKind: JsonValueKind.Array } array
        ? array.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object) : [];

    private static string Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? TerminalText.Line(value.GetString()!) : string.Empty;

    private static DateTimeOffset? Moment(JsonElement item, string name) =>
        DateTimeOffset.TryParse(Text(item, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            && Plausible.IsMoment(moment) ? moment : null;
}
