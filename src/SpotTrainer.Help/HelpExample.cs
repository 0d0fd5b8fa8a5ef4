namespace SpotTrainer.Help;

/// <summary>One example: its title, its code as it is typed, and what it shows.</summary>
internal sealed record HelpExample(string Title, string Code, IReadOnlyList<string> Remarks);
