using System.Management.Automation;
using System.Security;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Keys;

/// <summary>The base of the cmdlets that turn files of private keys from one format into another.</summary>
public abstract class KeyConversionCmdlet : StepCmdlet
{
    private readonly HashSet<string> destinations = new(Platform.IsLinux ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);

    /// <summary>The files of the private keys; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>The files of the private keys, taken to the letter.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "FullName", "KeyPath")]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The file, or the folder, to be written to; beside the source when left out.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>The passphrase of the sources.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? Passphrase { get; set; }

    /// <summary>The passphrase of the results; the sources' own when left out. An empty one takes it off.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? NewPassphrase { get; set; }

    /// <summary>Another comment for the keys.</summary>
    [Parameter]
    [ValidatePattern(@"\A[^\x00-\x1f\x7f]*\z")]
    public string? Comment { get; set; }

    /// <summary>Overwrites files that stand there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The ending of the results.</summary>
    private protected abstract string Ending { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var source in Sources())
        {
            using var passphrase = Keys.Passphrase.From(Passphrase);
            using var newPassphrase = Keys.Passphrase.From(NewPassphrase);
            try
            {
                var destination = PuttyKeyConversion.DestinationOf(source, Destination is null ? null : FullPath(Destination), Ending);
                if (!destinations.Add(destination))
                {
                    throw new SpotTrainerException("DestinationShared", ErrorKind.InvalidArgument,
                        $"{destination} was written for another key a moment ago, and is not overwritten with that of {source}.",
                        "Give each key a -Destination of its own.", destination);
                }

                // Read first, so that -WhatIf finds the errors too.
                var (key, encrypted) = PuttyKeyConversion.Read(source, destination, Force, passphrase);
                if (ShouldProcess(destination, $"write the private key of {source}"))
                {
                    // A passphrase is never dropped without a word.
                    WriteObject(Write(
                        Comment is null ? key : key.WithComment(Comment), source, destination, newPassphrase ?? (encrypted ? passphrase : null)));
                }
            }
            catch (Exception exception) when (exception is SpotTrainerException or IOException or UnauthorizedAccessException
                or ArgumentException or NotSupportedException or OutOfMemoryException)
            {
                WriteError(ErrorRecords.From(exception, source));
            }
        }
    }

    /// <summary>The files that the parameters mean.</summary>
    private protected virtual IEnumerable<string> Sources() =>
        ParameterSetName == "Path" ? Path.SelectMany(Expand) : LiteralPath.Select(FullPath);

    /// <summary>Writes a result.</summary>
    private protected abstract PrivateKeyFile Write(SshPrivateKey key, string source, string destination, Passphrase? passphrase);

    private IEnumerable<string> Expand(string path)
    {
        // A path without wildcards that does not exist is the reader's own error, which says more than the provider's.
        return WildcardPattern.ContainsWildcardCharacters(path) ? GetResolvedProviderPathFromPSPath(path, out _) : [FullPath(path)];
    }
}
