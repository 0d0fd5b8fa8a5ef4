using System.Management.Automation;
using SpotTrainer.Cloud;

namespace SpotTrainer.KeyPairs;

/// <summary>Makes a key pair on this computer and imports its public half to EC2.</summary>
[Cmdlet(VerbsCommon.New, "TrainingKeyPair", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingKeyPair))]
public sealed class NewTrainingKeyPairCommand : RegionCmdlet
{
    /// <summary>The pair's name, in EC2 and of its file.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = KeyPairStore.DefaultName;

    /// <summary>The algorithm. EC2 takes no ECDSA keys: they need -LocalOnly.</summary>
    [Parameter]
    [ValidateSet("Ed25519", "RSA", "ECDSA")]
    public string Algorithm { get; set; } = "Ed25519";

    /// <summary>The size in bits: 2048 or 4096 for RSA, 256, 384 or 521 for ECDSA.</summary>
    [Parameter]
    [ValidateSet("256", "384", "521", "2048", "4096")]
    public int? Bits { get; set; }

    /// <summary>Makes it for machines outside EC2: EC2 is told nothing, and no credentials are needed.</summary>
    [Parameter]
    public SwitchParameter LocalOnly { get; set; }

    /// <summary>Writes PuTTY's file (.ppk) beside the private half, too.</summary>
    [Parameter]
    public SwitchParameter Putty { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var wanted = new NewKeyPair(Name, Algorithm, Bits, Putty);
        if (LocalOnly)
        {
            if (ShouldProcess(Name, "make a key pair on this computer"))
            {
                Run(Name, async _ =>
                {
                    var rehearsal = CloudResolver.FindRehearsal(ProfileName, EndpointUrl);
                    await Output.ObjectAsync(KeyPairStore.CreateLocal(rehearsal, new KeyPairFolder(CloudResolver.KeyFolder(rehearsal)), wanted));
                });
            }

            return;
        }

        var cloud = ResolveCloud();
        var region = Region ?? cloud.Region;
        if (ShouldProcess($"{Name} in {region}", "make a key pair and import its public half"))
        {
            Run(wanted.Name, async stopping => await Output.ObjectAsync(await KeyPairStore.CreateAsync(cloud, region, wanted, Context, stopping)));
        }
    }
}
