using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Keys;

/// <summary>Makes a key pair on this computer and imports its public half to EC2.</summary>
[Cmdlet(VerbsCommon.New, "TrainingKeyPair", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingKeyPair))]
public sealed class NewTrainingKeyPairCommand : CloudCmdlet
{
    /// <summary>The pair's name, in EC2 and of its file.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = KeyPairStore.DefaultName;

    /// <summary>The algorithm.</summary>
    [Parameter]
    [ValidateSet("Ed25519", "RSA")]
    public string Algorithm { get; set; } = "Ed25519";

    /// <summary>The size of an RSA key, in bits.</summary>
    [Parameter]
    [ValidateSet("2048", "4096")]
    public int Bits { get; set; } = 4096;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var cloud = ResolveCloud();
        var region = Region ?? cloud.Region;
        if (ShouldProcess($"{Name} in {region}", "make a key pair and import its public half"))
        {
            var (name, algorithm, bits) = (Name, Algorithm, Bits);
            Run(name, async stopping =>
            {
                var pair = await KeyPairStore.CreateAsync(cloud, region, name, algorithm, bits, stopping);
                Output.Object(pair);
            });
        }
    }
}
