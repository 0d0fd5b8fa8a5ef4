namespace SpotTrainer.Help;

/// <summary>What a page says about one parameter.</summary>
/// <param name="Name">The name, without a dash.</param>
/// <param name="Paragraphs">What it is for.</param>
/// <param name="Facts">The yaml block: Type, Parameter Sets, Aliases, Required, Position, Default value and so on.</param>
internal sealed record HelpParameter(string Name, IReadOnlyList<string> Paragraphs, IReadOnlyDictionary<string, string> Facts)
{
    public string Type => Fact("Type", "Object");

    public bool IsSwitch => string.Equals(Type, "SwitchParameter", StringComparison.Ordinal);

    public string Aliases => Fact("Aliases", string.Empty);

    public bool IsRequired => string.Equals(Fact("Required", "False"), "True", StringComparison.OrdinalIgnoreCase);

    public string Position => Fact("Position", "Named").ToLowerInvariant();

    public string Default => Fact("Default value", "None");

    /// <summary>"True (ByValue, ByPropertyName)", or False.</summary>
    public string PipelineInput => Fact("Accept pipeline input", "False");

    public bool HasWildcards => string.Equals(Fact("Accept wildcard characters", "False"), "True", StringComparison.OrdinalIgnoreCase);

    private string Fact(string name, string otherwise) =>
        Facts.TryGetValue(name, out var value) && value.Length > 0 ? value : otherwise;

    /// <summary>Whether the parameter belongs to a parameter set.</summary>
    public bool IsIn(string set) => ParameterSets.Contains("(All)", StringComparer.Ordinal)
        || ParameterSets.Contains(set, StringComparer.Ordinal);

    /// <summary>The sets that the parameter is in; "(All)" if it is in every set.</summary>
    public string[] ParameterSets =>
        Fact("Parameter Sets", "(All)").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
