using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>Runs a command in the shell of one or more hosts.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "TrainingCommand", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingCommandResult))]
public sealed class InvokeTrainingCommandCommand : HostStepCmdlet
{
    /// <summary>The command, which the login shell of the host runs.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Command { get; set; } = string.Empty;

    /// <summary>Returns the result of a failed command as an object instead of writing an error.</summary>
    [Parameter]
    public SwitchParameter AllowFailure { get; set; }

    private protected override string Action => $"run '{Command}'";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        // The line ends of a here-string in a Windows script would become part of the shell's words.
        var (command, allow) = (Command.Replace("\r\n", "\n"), AllowFailure.IsPresent);
        return async stopping =>
        {
            var connection = await SshConnectionPool.GetAsync(host, Context, stopping);
            var result = await connection.RunAsync(command, stopping);
            if (result.ExitCode != 0 && !allow)
            {
                throw RemoteErrors.CommandFailed(host, "The command", result);
            }

            await Output.ObjectAsync(result);
        };
    }
}
