using System.Management.Automation;
using SpotTrainer.Cloud;

namespace SpotTrainer.Instances;

/// <summary>Makes ssh, and what uses it, such as VS Code, know the running instances by name.</summary>
[Cmdlet(VerbsData.Export, "SshConfig", SupportsShouldProcess = true, DefaultParameterSetName = "Export")]
[OutputType(typeof(SshConfigEntry))]
public sealed class ExportSshConfigCommand : RegionsCmdlet
{
    /// <summary>
    /// Also writes a profile for each instance into Windows Terminal's menu. Later exports keep this setting; -WindowsTerminal:$false ends it.
    /// </summary>
    [Parameter(ParameterSetName = "Export")]
    public SwitchParameter WindowsTerminal { get; set; }

    /// <summary>Takes everything away again: the line in ~/.ssh/config, the files beside it, and the profiles of Windows Terminal.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Remove")]
    public SwitchParameter Remove { get; set; }

    private protected override bool MeansAll => true;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var export = SshExport.ForThisUser(Output);
        var userConfig = export.UserConfig;
        if (Remove)
        {
            if (ShouldProcess(export.ConfigPath, $"delete, with its files and its line in {userConfig.Path}"))
            {
                Run(export.ConfigPath, _ => Task.Run(export.RemoveAll, CancellationToken.None));
            }

            return;
        }

        var cloud = ResolveCloud();
        var regions = MeantRegions;
        bool? terminal = MyInvocation.BoundParameters.ContainsKey(nameof(WindowsTerminal)) ? WindowsTerminal.IsPresent : null;
        var exporter = new SshExporter(export, cloud, Context);
        var included = Get(cloud.Where, async stopping =>
        {
            if (terminal == true)
            {
                export.RequireTerminal();
            }

            await exporter.FindAsync(regions, stopping);
            return (object)userConfig.IsIncluded;
        });
        if (included is null)
        {
            return;
        }

        var names = exporter.Found.Count == 0 ? "no instance" : string.Join(", ", exporter.Found);
        var write = ShouldProcess(export.ConfigPath, $"write the hosts of {cloud.Where}: {names}");
        var include = (write || IsWhatIf) && included is false && ShouldProcess(userConfig.Path, "include that file in the first line");
        if (!write)
        {
            return;
        }

        Run(cloud.Where, async stopping =>
        {
            var entries = await exporter.WriteAsync(terminal, (instance, why) => Output.Error(why, instance), stopping);
            if (include)
            {
                userConfig.Include();
            }

            foreach (var entry in entries)
            {
                await Output.ObjectAsync(entry);
            }
        });
    }
}
