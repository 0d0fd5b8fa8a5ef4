using System.Management.Automation;

namespace SpotTrainer.Remote;

/// <summary>Opens a terminal on a host, with the system's ssh and without a question.</summary>
[Cmdlet(VerbsCommon.Enter, "TrainingHost")]
public sealed class EnterTrainingHostCommand : TerminalCmdlet
{
}
