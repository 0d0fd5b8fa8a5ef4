namespace SpotTrainer.Help;

/// <summary>An example: its title, its code as typed, and what it shows.</summary>
internal sealed record HelpExample(string Title, string Code, IReadOnlyList<string> Remarks);
