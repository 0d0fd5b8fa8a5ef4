namespace SpotTrainer.Sweep;

/// <summary>What a sweep found, removed, and left, including what a second search found.</summary>
public sealed class TrainingReceipt
{
    internal TrainingReceipt(
        string where, IReadOnlyList<string> regions, IReadOnlyList<string> notAsked, IReadOnlyList<TrainingResource> found,
        DateTimeOffset time)
    {
        Where = where;
        Regions = regions;
        NotAsked = notAsked;
        Found = found;
        Time = time;
    }

    /// <summary>Where the sweep ran: <c>rehearsal</c>, or an account's number.</summary>
    public string Where { get; }

    /// <summary>When the sweep ended.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>The regions of the sweep.</summary>
    public IReadOnlyList<string> Regions { get; }

    /// <summary>The regions that could not be searched, each with the reason.</summary>
    public IReadOnlyList<string> NotAsked { get; }

    /// <summary>All resources that were found.</summary>
    public IReadOnlyList<TrainingResource> Found { get; }

    /// <summary>The resources that were removed.</summary>
    public IReadOnlyList<TrainingResource> Removed => Found.Where(resource => resource.Outcome == "removed").ToArray();

    /// <summary>The resources that were left, each with the reason.</summary>
    public IReadOnlyList<TrainingResource> Left => Found.Where(resource => resource.Outcome != "removed").ToArray();

    /// <summary>
    /// Whether every region was searched and nothing is left that costs money, whoever owns it, and nothing else that you own. Key pairs
    /// and security groups of others may be left.
    /// </summary>
    public bool Clean => NotAsked.Count == 0 && Left.All(resource => resource.IsSpared && !resource.Costs);

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Where}: {Found.Count} found, {Removed.Count} removed, {Left.Count} left in {Regions.Count} regions";
}
