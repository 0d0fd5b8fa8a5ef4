namespace SpotTrainer.Sweep;

/// <summary>What a sweep found, removed and left, and what a second look found after it.</summary>
public sealed class TrainingReceipt
{
    internal TrainingReceipt(string where, IReadOnlyList<string> regions, IReadOnlyList<string> notAsked, IReadOnlyList<TrainingResource> found, DateTimeOffset time)
    {
        Where = where;
        Regions = regions;
        NotAsked = notAsked;
        Found = found;
        Time = time;
    }

    /// <summary>Where it was swept: <c>rehearsal</c>, or an account's number.</summary>
    public string Where { get; }

    /// <summary>When the sweep had ended.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>The regions that were asked.</summary>
    public IReadOnlyList<string> Regions { get; }

    /// <summary>The regions that could not be asked, each with the reason.</summary>
    public IReadOnlyList<string> NotAsked { get; }

    /// <summary>All that was found.</summary>
    public IReadOnlyList<TrainingResource> Found { get; }

    /// <summary>What was removed of it.</summary>
    public IReadOnlyList<TrainingResource> Removed => Found.Where(resource => resource.Outcome == "removed").ToArray();

    /// <summary>What was left of it, each with the reason.</summary>
    public IReadOnlyList<TrainingResource> Left => Found.Where(resource => resource.Outcome != "removed").ToArray();

    /// <summary>
    /// Whether every region was asked, and nothing is left that costs, whoever's it is, and nothing else of one's own. Key pairs and security groups of
    /// others may be.
    /// </summary>
    public bool Clean => NotAsked.Count == 0 && Left.All(resource => resource.IsSpared && !resource.Costs);

    /// <inheritdoc/>
    public override string ToString() => $"{Where}: {Found.Count} found, {Removed.Count} removed, {Left.Count} left in {Regions.Count} regions";
}
