namespace SpotTrainer.Foundation;

/// <summary>Writes text for a PowerShell prompt, where users paste the commands of errors.</summary>
internal static class PowerShellText
{
    /// <summary>Quotes a word so that PowerShell takes it literally.</summary>
    public static string Quote(string word) => "'" + word.Replace("'", "''") + "'";
}
