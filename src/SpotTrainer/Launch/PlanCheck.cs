using SpotTrainer.Foundation;

namespace SpotTrainer.Launch;

/// <summary>The result of a check.</summary>
public enum PlanResult
{
    /// <summary>The check passed.</summary>
    Ok,

    /// <summary>The launch or the training would fail.</summary>
    Failed,

    /// <summary>It cannot be known before the launch.</summary>
    NotTestable,
}

/// <summary>One check of a plan.</summary>
public sealed class PlanCheck
{
    internal PlanCheck(string name, PlanResult result, string detail, string nextStep = "")
    {
        Name = name;
        Result = result;
        Detail = TerminalText.Clean(detail);
        NextStep = TerminalText.Clean(nextStep);
    }

    /// <summary>What was checked.</summary>
    public string Name { get; }

    /// <summary>The result of the check.</summary>
    public PlanResult Result { get; }

    /// <summary>What the check found, or why it is not testable.</summary>
    public string Detail { get; }

    /// <summary>What to do; an empty string if there is nothing to do.</summary>
    public string NextStep { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Result}: {Name}: {Detail}";
}
