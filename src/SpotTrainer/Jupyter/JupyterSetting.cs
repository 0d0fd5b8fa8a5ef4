using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>One setting in one of Jupyter's configuration files.</summary>
/// <param name="Name">The trait, without its class, such as <c>allow_origin</c>.</param>
/// <param name="Value">The value as text: <c>true</c> and <c>false</c> in lower case, and what is computed as it is written.</param>
/// <param name="Line">The line.</param>
internal sealed record JupyterSetting(string Name, string Value, int Line)
{
    private static readonly Regex Assignment = new(
        @"^[ \t]*c\.\w+\.(?<name>\w+)[ \t]*=[ \t]*(?<value>[^\r\n]*)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, TimeSpan.FromSeconds(5));

    private static readonly Regex Literal = new(
        @"\A[uUbBrR]{0,2}(?:'(?<text>[^'\\]*)'|""(?<text>[^""\\]*)"")[ \t]*(?:#.*)?\z", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

    /// <summary>Reads the settings of a file.</summary>
    /// <exception cref="SpotTrainerException"><c>JupyterConfigInvalid</c>: a .json file is not JSON.</exception>
    public static IReadOnlyList<JupyterSetting> Read(TrainingHost host, JupyterFile file) =>
        file.IsJson ? ReadJson(host, file) : [.. ReadPython(file.Text)];

    private static IEnumerable<JupyterSetting> ReadPython(string text)
    {
        foreach (Match match in Assignment.Matches(text))
        {
            var value = match.Groups["value"].Value.Trim();
            var plain = Literal.Match(value) is { Success: true } literal ? literal.Groups["text"].Value
                : value.Split('#')[0].Trim() is var word && word is "True" or "False" ? word.ToLowerInvariant() : value;
            yield return new JupyterSetting(match.Groups["name"].Value, plain, LineOf(text, match.Groups["name"].Index));
        }
    }

    private static List<JupyterSetting> ReadJson(TrainingHost host, JupyterFile file)
    {
        var bytes = Encoding.UTF8.GetBytes(file.Text);
        var reader = new Utf8JsonReader(bytes);
        var settings = new List<JupyterSetting>();
        try
        {
            // A class with its settings: {"ServerApp": {"port": 8888}}.
            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (string? name = null, section = null; reader.Read();)
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth is 1 or 2)
                {
                    section = reader.CurrentDepth == 1 ? reader.GetString() : section;
                    if (!seen.Add(reader.CurrentDepth == 1 ? section! : $"{section}\n{reader.GetString()}"))
                    {
                        throw new JsonException(
                            "It stands there twice.", path: null, LineOf(file.Text, Encoding.UTF8.GetCharCount(bytes, 0, (int)reader.TokenStartIndex)) - 1, 0);
                    }
                }

                if (reader.CurrentDepth == 0 && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.EndObject))
                {
                    throw new JsonException("It is no object.", path: null, lineNumber: 0, bytePositionInLine: 0);
                }

                if (reader is { CurrentDepth: 2, TokenType: JsonTokenType.PropertyName })
                {
                    name = reader.GetString();
                }
                else if (reader.CurrentDepth == 2 && name is not null && reader.TokenType is JsonTokenType.String or JsonTokenType.Number
                    or JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null)
                {
                    var value = reader.TokenType switch
                    {
                        JsonTokenType.String => reader.GetString()!,
                        JsonTokenType.Null => string.Empty,
                        _ => Encoding.UTF8.GetString(bytes, (int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex)),
                    };
                    if (name is not null)
                    {
                        settings.Add(new JupyterSetting(name, value, LineOf(file.Text, Encoding.UTF8.GetCharCount(bytes, 0, (int)reader.TokenStartIndex))));
                    }
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Its text could quote what stands there.
            throw JupyterErrors.ConfigInvalid(
                host, file, exception is JsonException { LineNumber: { } line } ? line + 1 : 1,
                exception is JsonException { BytePositionInLine: { } column } ? column + 1 : 1);
        }

        return settings;
    }

    private static int LineOf(string text, int index) => 1 + text.Take(index).Count(letter => letter == '\n');
}
