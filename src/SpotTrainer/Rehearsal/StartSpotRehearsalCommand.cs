using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Rehearsal;

/// <summary>Starts a rehearsal: an embedded stand-in for EC2. You can try every step without an account and at no cost.</summary>
[Cmdlet(VerbsLifecycle.Start, "SpotRehearsal", SupportsShouldProcess = true)]
[OutputType(typeof(SpotRehearsal))]
public sealed class StartSpotRehearsalCommand : StepCmdlet
{
    /// <summary>The region that cmdlets use if no other is given.</summary>
    [Parameter(Position = 0)]
    [ValidateSet("us-east-1", "us-west-2", "eu-west-1", "eu-central-1")]
    public string Region { get; set; } = "us-east-1";

    /// <summary>Installs missing Debian packages with apt, and lists them. Needs root or passwordless sudo.</summary>
    [Parameter]
    public SwitchParameter InstallMissing { get; set; }

    /// <summary>Keeps the rehearsal running in the foreground until Ctrl+C, for other processes.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    private static string PowerShellText(string text) => $"'{text.Replace("'", "''")}'";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!ShouldProcess("this computer", "start a rehearsal"))
        {
            return;
        }

        var (region, install, wait) = (Region, InstallMissing.IsPresent, Wait.IsPresent);
        Run(region, async stopping =>
        {
            var rehearsal = await RehearsalControl.StartAsync(region, install, Context, stopping);
            await Output.ObjectAsync(rehearsal);
            if (wait)
            {
                var folder = (string)rehearsal.Environment[SharedRehearsal.Variable]!;
                Output.Information($"To use it in another terminal, run there:{Environment.NewLine}"
                    + $"  PowerShell:  $env:{SharedRehearsal.Variable} = {PowerShellText(folder)}{Environment.NewLine}"
                    + $"  sh:          export {SharedRehearsal.Variable}={ShellText.Quote(folder)}{Environment.NewLine}"
                    + "It runs here until Ctrl+C.");
                try
                {
                    await Context.Time.DelayAsync(Timeout.InfiniteTimeSpan, stopping);
                }
                finally
                {
                    await RehearsalControl.StopAsync(rehearsal, Output);
                }
            }
        });
    }
}
