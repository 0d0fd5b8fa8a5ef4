using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>The base of the cmdlets that open a terminal on one host.</summary>
public abstract class TerminalCmdlet : StepCmdlet
{
    private readonly List<TrainingHost> given = [];

    /// <summary>
    /// The host: an instance, another host, the name or ID of an instance, or the output of any step, which has its host in the property
    /// <c>Instance</c>. Objects from Import-Clixml, Start-Job, or $using: are looked up again.
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Alias("TrainingHost")]
    [HostReference]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public TrainingHost[] Instance { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() => given.AddRange(Instance);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Not before: until here, a command upstream may write to the console, too.
        if (given.Count > 0 && Get(given[0], PrepareAsync) is { } terminal)
        {
            using (terminal)
            {
                int? code = null;
                Run(given[0], stopping => terminal.RunAsync(exit => code = exit, Context, stopping));
                if (code is { } known)
                {
                    SessionState.PSVariable.Set("global:LASTEXITCODE", known);
                }
            }
        }

        base.EndProcessing();
    }

    /// <summary>Returns the host as it is to be entered, after the user was told about it.</summary>
    private protected virtual Task<TrainingHost> LookAsync(TrainingHost host, CancellationToken cancellationToken) =>
        Task.FromResult(host);

    private async Task<HostTerminal> PrepareAsync(CancellationToken stopping)
    {
        var hosts = given.Count > 1 ? given : await HostFinder.ResolveAsync(given[0], Context, stopping);
        var host = hosts.Count == 1 ? hosts[0] : throw new SpotTrainerException("OneHostOnly", ErrorKind.InvalidArgument,
            $"A terminal can be opened on one host at a time, not on {hosts.Count}.", "Use one host.", hosts[0]);
        return await HostFinder.WorkAsync(
            host,
            async () =>
            {
                HostTerminal.RequireConsole(host);
                return await HostTerminal.PrepareAsync(await LookAsync(host, stopping), Context, stopping);
            }, Context, stopping);
    }
}
