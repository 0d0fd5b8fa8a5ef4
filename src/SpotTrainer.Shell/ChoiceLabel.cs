using System.Management.Automation.Host;

namespace SpotTrainer.Shell;

/// <summary>One answer of a choice: an ampersand in its label marks the key that stands for it.</summary>
internal sealed class ChoiceLabel
{
    private readonly string name;

    public ChoiceLabel(ChoiceDescription choice)
    {
        var mark = choice.Label.IndexOf('&', StringComparison.Ordinal);
        name = choice.Label.Replace("&", string.Empty, StringComparison.Ordinal);
        Key = mark >= 0 && mark + 1 < choice.Label.Length ? choice.Label.Substring(mark + 1, 1).ToUpperInvariant() : name;
        Help = string.IsNullOrEmpty(choice.HelpMessage) ? name : choice.HelpMessage;
    }

    public string Key { get; }

    public string Help { get; }

    public bool Matches(string answer) =>
        string.Equals(answer, Key, StringComparison.OrdinalIgnoreCase) || string.Equals(answer, name, StringComparison.OrdinalIgnoreCase);

    public override string ToString() => $"[{Key}] {name}";
}
