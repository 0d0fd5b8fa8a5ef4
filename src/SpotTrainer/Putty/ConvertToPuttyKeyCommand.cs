using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.KeyPairs;
using SpotTrainer.Keys;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Putty;

/// <summary>Converts private keys, such as EC2's <c>.pem</c> files, to PuTTY's <c>.ppk</c> format.</summary>
[Cmdlet(VerbsData.ConvertTo, "PuttyKey", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(PuttyKey))]
public sealed class ConvertToPuttyKeyCommand : KeyConversionCmdlet
{
    private PuttyKeyDerivation? derivation;

    /// <summary>Key pairs, from New-TrainingKeyPair or Get-TrainingKeyPair.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "KeyPair", ValueFromPipeline = true)]
    [ValidateNotNull]
    [KeyPairReference]
    [ArgumentCompleter(typeof(KeyNameCompleter))]
    public TrainingKeyPair[] KeyPair { get; set; } = [];

    /// <summary>The version of PuTTY's format: 3, or 2 for PuTTY before 0.75.</summary>
    [Parameter]
    [ValidateSet("3", "2")]
    [Number]
    public int Version { get; set; } = 3;

    /// <summary>The memory, in KiB, that each passphrase attempt takes (version 3).</summary>
    [Parameter]
    [ValidateRange(8, 1 << 20)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int Argon2Memory { get; set; } = PuttyKeyDerivation.Default.MemoryKiB;

    /// <summary>
    /// The number of passes over the memory in each passphrase attempt; 0 for as many as take a tenth of a second on this computer, which is
    /// measured for half a second.
    /// </summary>
    [Parameter]
    [ValidateRange(0, 1 << 20)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int Argon2Passes { get; set; } = PuttyKeyDerivation.Default.Passes;

    /// <summary>The number of lanes in each passphrase attempt.</summary>
    [Parameter]
    [ValidateRange(1, 255)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int Argon2Parallelism { get; set; } = PuttyKeyDerivation.Default.Parallelism;

    private protected override string Ending => ".ppk";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            derivation = (
                PuttyKeyDerivation.Default with { MemoryKiB = Argon2Memory, Passes = Argon2Passes,
                    Parallelism = Argon2Parallelism }).Checked();
        }
        catch (KeyFileException exception)
        {
            Fail(new SpotTrainerException("Argon2CostInvalid", ErrorKind.InvalidArgument,
                $"Argon2 with {Argon2Memory} KiB, {Argon2Passes} passes, and {Argon2Parallelism} lanes is invalid or would take minutes.",
                "Use at least 8 KiB for each lane, and less memory or fewer passes.", Argon2Memory, exception));
        }
    }

    private protected override IEnumerable<string> Sources() =>
        ParameterSetName == "KeyPair" ? KeyPair.Select(pair => pair.KeyPath) : base.Sources();

    private protected override PrivateKeyFile Write(
        SshPrivateKey key, string source, string destination, Passphrase? passphrase, CancellationToken cancellationToken)
    {
        if (passphrase is { IsEmpty: false } && Version == 3)
        {
            // Measure once and use the same costs for all keys.
            derivation = derivation!.Timed();
        }

        return PuttyKeyConversion.Write(key, source, destination, Version, passphrase, derivation, Force, cancellationToken);
    }
}
