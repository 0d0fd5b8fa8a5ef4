namespace SpotTrainer.Jupyter;

/// <summary>Whether PowerShell ends when its script does.</summary>
internal static class ScriptHost
{
    private static readonly string[] Running = ["file", "command", "encodedcommand", "commandwithargs"];

    /// <summary>Whether PowerShell was started to run a script or a command, and not to stay.</summary>
    public static bool EndsByItself(IReadOnlyList<string> commandLine)
    {
        string[] names = [.. commandLine.Skip(1).Where(word => word.Length > 1 && word[0] is '-' or '/').Select(word => word.Substring(1).ToLowerInvariant())];
        return !names.Any(name => name.Length >= 3 && "noexit".StartsWith(name, StringComparison.Ordinal))
            && ((commandLine.Count > 1 && commandLine[1].EndsWith(".ps1", StringComparison.OrdinalIgnoreCase))
                || names.Any(name => Running.Any(word => word.StartsWith(name, StringComparison.Ordinal))));
    }
}
