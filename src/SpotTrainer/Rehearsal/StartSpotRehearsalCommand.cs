using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Rehearsal;

/// <summary>Starts the rehearsal: the embedded stand-in for EC2, with which every step can be tried without an account and without cost.</summary>
[Cmdlet(VerbsLifecycle.Start, "SpotRehearsal", SupportsShouldProcess = true)]
[OutputType(typeof(SpotRehearsal))]
public sealed class StartSpotRehearsalCommand : StepCmdlet
{
    /// <summary>The region where cmdlets work that are told no other.</summary>
    [Parameter(Position = 0)]
    [ValidateSet("us-east-1", "us-west-2", "eu-west-1", "eu-central-1")]
    public string Region { get; set; } = "us-east-1";

    /// <summary>Installs the packages of Debian that it needs where they are missing, and says so.</summary>
    [Parameter]
    public SwitchParameter InstallMissing { get; set; }

    /// <summary>Keeps it in the foreground until Ctrl+C, for other processes to use.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!ShouldProcess("this computer", "start a rehearsal of EC2"))
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
                try
                {
                    await Context.Time.DelayAsync(Timeout.InfiniteTimeSpan, stopping);
                }
                finally
                {
                    await RehearsalControl.StopAsync(rehearsal);
                }
            }
        });
    }
}
