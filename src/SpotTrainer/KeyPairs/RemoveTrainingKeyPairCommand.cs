using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.KeyPairs;

/// <summary>Deletes key pairs: the public key in EC2, then the private key on this computer.</summary>
// KeyPair is the default parameter set. Otherwise a key pair from the pipeline would bind by its name alone, without its region and cloud.
[Cmdlet(VerbsCommon.Remove, "TrainingKeyPair", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High,
    DefaultParameterSetName = "KeyPair")]
[OutputType(typeof(TrainingKeyPair))]
public sealed class RemoveTrainingKeyPairCommand : RegionCmdlet
{
    /// <summary>The exact names of the key pairs.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name", ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The key pairs, from Get-TrainingKeyPair or New-TrainingKeyPair. Each is looked up in its own cloud and region.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "KeyPair", ValueFromPipeline = true)]
    [ValidateNotNull]
    [KeyPairReference]
    [ArgumentCompleter(typeof(KeyNameCompleter))]
    public TrainingKeyPair[] KeyPair { get; set; } = [];

    /// <summary>Deletes the public key in EC2, and keeps the private key on this computer.</summary>
    [Parameter]
    public SwitchParameter CloudOnly { get; set; }

    /// <summary>
    /// Deletes the private key on this computer, and keeps the public key in EC2. EC2 is not contacted: no credentials are needed, and
    /// instances that use the key pair are not noticed.
    /// </summary>
    [Parameter(ParameterSetName = "Name")]
    public SwitchParameter LocalOnly { get; set; }

    /// <summary>
    /// Also removes key pairs that instances use. With -Name, it also removes key pairs in EC2 that the module did not create. With
    /// -KeyPair, it never does.
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Name")
        {
            if (LocalOnly && CloudOnly)
            {
                Fail(new SpotTrainerException("NothingToRemove", ErrorKind.InvalidArgument,
                    "-CloudOnly and -LocalOnly together leave nothing to remove.", "Omit one of them."));
            }

            var cloud = LocalOnly ? CloudResolver.FindRehearsal(ProfileName, EndpointUrl) : ResolveCloud();
            foreach (var name in Name)
            {
                Remove(LocalOnly ? null : cloud, Region ?? cloud?.Region, name, LocalOnly ? CloudResolver.KeyFolder(cloud) : null);
            }

            return;
        }

        foreach (var pair in KeyPair)
        {
            if (pair.Origin is { } origin)
            {
                if (Get(pair, stopping => origin.RequireAsync($"The key pair '{pair}'", ResolveCloud, stopping)) is { } home)
                {
                    Remove(home, origin.Region, pair.ExactName, folder: null);
                }

                continue;
            }

            // A key pair that was created without EC2 has nothing there. For all others a cloud must be asked: their own, if they have one.
            var cloud = pair.Cloud ?? (pair.State == TrainingKeyPairState.LocalOnly ? null : ResolveCloud());
            Remove(cloud, pair.Region ?? Region ?? cloud?.Region, pair.ExactName,
                pair.Cloud is null ? Path.GetDirectoryName(pair.KeyPath) : null);
        }
    }

    private void Remove(CloudContext? cloud, string? region, string name, string? folder)
    {
        var options = new KeyPairRemovalOptions(CloudOnly, Force, MayTakeOthers: Force && ParameterSetName == "Name");
        KeyPairRemoval? removal = null;
        Run(name, async stopping =>
            removal = await KeyPairRemoval.PlanAsync(
                cloud, region, new KeyPairFolder(folder ?? CloudResolver.KeyFolder(cloud)), name, options, Context, stopping));
        if (removal is not null && ShouldProcess(removal.Target, removal.Action))
        {
            Run(name, async stopping => await Output.ObjectAsync(await removal.RunAsync(stopping)));
        }
    }
}
