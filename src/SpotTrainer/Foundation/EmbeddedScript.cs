namespace SpotTrainer.Foundation;

/// <summary>Reads the scripts that are embedded in the assembly and run on hosts.</summary>
internal static class EmbeddedScript
{
    /// <summary>Returns a script's text, with the line endings that a shell expects.</summary>
    public static string Read(string name)
    {
        using var stream = typeof(EmbeddedScript).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The script {name} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Replace("\r\n", "\n");
    }
}
