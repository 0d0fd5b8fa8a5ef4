namespace SpotTrainer.Foundation;

/// <summary>Reads the scripts that the module carries for its machines.</summary>
internal static class EmbeddedScript
{
    /// <summary>Gives a script's text, with the line ends that a shell wants.</summary>
    public static string Read(string name)
    {
        using var stream = typeof(EmbeddedScript).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The script {name} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Replace("\r\n", "\n");
    }
}
