namespace SpotTrainer.Rehearsal.Machines;

/// <summary>This system does not let its users make the namespaces of which the rehearsal's network and machines consist.</summary>
/// <param name="allowingLine">The one line that allows it.</param>
/// <param name="detail">What the system said.</param>
internal sealed class UserNamespacesForbiddenException(string allowingLine, string detail)
    : Exception($"This system forbids user namespaces ({detail.Trim()}), of which the rehearsal's machines are made. Allow them with:  {allowingLine}")
{
    /// <summary>The one line that allows them until the next restart.</summary>
    public string AllowingLine { get; } = allowingLine;
}
