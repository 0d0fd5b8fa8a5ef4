using System.Globalization;
using System.Text.Json;
using SpotTrainer.Foundation;

namespace SpotTrainer.Jobs;

/// <summary>The status that the runner on the host reports. run_notebook.py documents the format.</summary>
internal sealed record JobStatus(string State, int Cells, int Cell, DateTimeOffset? Started, DateTimeOffset? Ended, string? Error)
{
    /// <summary>The status of a job that has not reported anything yet.</summary>
    public static JobStatus Unknown { get; } = new("running", 0, 0, Started: null, Ended: null, Error: null);

    public bool HasEnded => State is not "running";

    /// <summary>Reads a status file.</summary>
    /// <exception cref="JsonException">The file is damaged.</exception>
    public static JobStatus Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        return new JobStatus(
            root.GetProperty("state").GetString()!, root.GetProperty("cells").GetInt32(), root.GetProperty("cell").GetInt32(),
            Time(root.GetProperty("started")), Time(root.GetProperty("ended")),
            ErrorText(root.GetProperty("error")));
    }

    private static DateTimeOffset? Time(JsonElement value) => value.ValueKind == JsonValueKind.Number
        ? Plausible.Moment(value.GetDouble())
        : null;

    private static string? ErrorText(JsonElement error)
    {
        if (error.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var (type, message) = (Text("type"), Text("message"));
        var what = message.Length > 0 ? $"{type}: {message}" : type;
        var cell = error.TryGetProperty("cell", out var number) && number.ValueKind == JsonValueKind.Number ? number.GetInt32() : 0;
        var line = Text("line");
        return (cell > 0 ? string.Format(CultureInfo.InvariantCulture, "cell {0} raised {1}", cell, what) : what)
            + (line.Length > 0 ? $" (at '{line}')" : string.Empty);

        string Text(string name) => error.TryGetProperty(name, out var value) ? value.GetString()?.Trim() ?? string.Empty : string.Empty;
    }
}
