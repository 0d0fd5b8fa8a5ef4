using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.KeyPairs;
using SpotTrainer.Keys;

namespace SpotTrainer.Putty;

/// <summary>Turns private keys, such as EC2's <c>.pem</c>, into PuTTY's <c>.ppk</c>.</summary>
[Cmdlet(VerbsData.ConvertTo, "PuttyKey", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(PuttyKey))]
public sealed class ConvertToPuttyKeyCommand : KeyConversionCmdlet
{
    private PuttyKeyDerivation? derivation;

    /// <summary>Key pairs, as New-TrainingKeyPair gives them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "KeyPair", ValueFromPipeline = true)]
    [ValidateNotNull]
    public TrainingKeyPair[] KeyPair { get; set; } = [];

    /// <summary>The version of PuTTY's format: 2 is for PuTTY before 0.75.</summary>
    [Parameter]
    [ValidateSet("3", "2")]
    public int Version { get; set; } = 3;

    /// <summary>The memory that an attempt at the passphrase takes, in KiB.</summary>
    [Parameter]
    [ValidateRange(8, 1 << 20)]
    public int Argon2Memory { get; set; } = PuttyKeyDerivation.Default.MemoryKiB;

    /// <summary>How often an attempt at the passphrase goes over the memory; 0 for as often as takes a tenth of a second here.</summary>
    [Parameter]
    [ValidateRange(0, 1 << 20)]
    public int Argon2Passes { get; set; } = PuttyKeyDerivation.Default.Passes;

    /// <summary>In how many lanes an attempt at the passphrase goes over the memory.</summary>
    [Parameter]
    [ValidateRange(1, 255)]
    public int Argon2Parallelism { get; set; } = PuttyKeyDerivation.Default.Parallelism;

    private protected override string Ending => ".ppk";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            derivation = (PuttyKeyDerivation.Default with { MemoryKiB = Argon2Memory, Passes = Argon2Passes, Parallelism = Argon2Parallelism }).Checked();
        }
        catch (KeyFileException exception)
        {
            Fail(new SpotTrainerException("Argon2CostInvalid", ErrorKind.InvalidArgument,
                $"Argon2 can't be run with {Argon2Memory} KiB, {Argon2Passes} passes and {Argon2Parallelism} lanes, or would take minutes.",
                "Give 8 KiB or more for each lane, and less of memory or passes.", Argon2Memory, exception));
        }
    }

    private protected override IEnumerable<string> Sources() =>
        ParameterSetName == "KeyPair" ? KeyPair.Select(pair => pair.KeyPath) : base.Sources();

    private protected override PrivateKeyFile Write(
        SshPrivateKey key, string source, string destination, Passphrase? passphrase, CancellationToken cancellationToken)
    {
        if (passphrase is { IsEmpty: false } && Version == 3)
        {
            // Measured once, then the same for all.
            derivation = derivation!.Timed();
        }

        return PuttyKeyConversion.Write(key, source, destination, Version, passphrase, derivation, Force, cancellationToken);
    }
}
