using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.KeyPairs;

/// <summary>Creates a key pair on this computer and imports its public key to EC2.</summary>
[Cmdlet(VerbsCommon.New, "TrainingKeyPair", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingKeyPair))]
public sealed class NewTrainingKeyPairCommand : RegionCmdlet
{
    /// <summary>The name of the key pair, in EC2 and of its file.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Name { get; set; } = KeyPairStore.DefaultName;

    /// <summary>The algorithm: Ed25519, RSA, or ECDSA. EC2 does not accept ECDSA keys: they need -LocalOnly.</summary>
    [Parameter]
    [ValidateSet("Ed25519", "RSA", "ECDSA")]
    public string Algorithm { get; set; } = "Ed25519";

    /// <summary>The size in bits: 2048 or 4096 for RSA; 256, 384, or 521 for ECDSA. Ed25519 has only one size.</summary>
    [Parameter]
    [ValidateSet("256", "384", "521", "2048", "4096")]
    [Number]
    public int? Bits { get; set; }

    /// <summary>
    /// Creates the key pair on this computer only. EC2 is not contacted, and no credentials are needed. The file goes into the same folder.
    /// A launch with -KeyName imports the public key of an Ed25519 or RSA key pair later.
    /// </summary>
    [Parameter]
    public SwitchParameter LocalOnly { get; set; }

    /// <summary>
    /// Also writes a PuTTY file (.ppk, version 3, without a passphrase) next to the private key. PuttyKeyPath is its path.
    /// </summary>
    [Parameter]
    public SwitchParameter Putty { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var wanted = new NewKeyPair(Name, Algorithm, Bits, Putty);
        if (LocalOnly)
        {
            if (ShouldProcess(Name, "create a key pair on this computer"))
            {
                Run(Name, async _ =>
                {
                    var rehearsal = CloudResolver.FindRehearsal(ProfileName, EndpointUrl);
                    await Output.ObjectAsync(
                        KeyPairStore.CreateLocal(rehearsal, new KeyPairFolder(CloudResolver.KeyFolder(rehearsal)), wanted));
                });
            }

            return;
        }

        var cloud = ResolveCloud();
        var region = Region ?? cloud.Region;
        if (ShouldProcess($"{Name} in {region}", "create a key pair and import its public key"))
        {
            Run(wanted.Name,
                async stopping => await Output.ObjectAsync(await KeyPairStore.CreateAsync(cloud, region, wanted, Context, stopping)));
        }
    }
}
