namespace SpotTrainer.Launch;

/// <summary>How a check of a plan ended.</summary>
public enum PlanResult
{
    /// <summary>Nothing stands in the way.</summary>
    Ok,

    /// <summary>The launch, or the training, would fail.</summary>
    Failed,

    /// <summary>It can't be known before the launch.</summary>
    NotTestable,
}

/// <summary>One thing of a plan that was looked at.</summary>
public sealed class PlanCheck
{
    internal PlanCheck(string name, PlanResult result, string detail, string nextStep = "")
    {
        Name = name;
        Result = result;
        Detail = detail;
        NextStep = nextStep;
    }

    /// <summary>What was looked at.</summary>
    public string Name { get; }

    /// <summary>How it ended.</summary>
    public PlanResult Result { get; }

    /// <summary>What was seen, or why it can't be.</summary>
    public string Detail { get; }

    /// <summary>What to do; an empty string where there is nothing to do.</summary>
    public string NextStep { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Result}: {Name}: {Detail}";
}
