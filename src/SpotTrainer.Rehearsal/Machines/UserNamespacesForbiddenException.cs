namespace SpotTrainer.Rehearsal.Machines;

/// <summary>This system does not allow its users to create the namespaces that the rehearsal's network and machines need.</summary>
/// <param name="allowingLine">The command line that allows them.</param>
/// <param name="detail">The system's error message.</param>
internal sealed class UserNamespacesForbiddenException(string allowingLine, string detail)
    : Exception(
        $"This system forbids user namespaces ({detail.Trim()}), which the rehearsal's machines need. Allow them with:  {allowingLine}")
{
    /// <summary>The command line that allows them until the next restart.</summary>
    public string AllowingLine { get; } = allowingLine;
}
