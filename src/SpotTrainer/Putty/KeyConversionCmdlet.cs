using System.Management.Automation;
using System.Security;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Putty;

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
            var destination = PuttyKeyConversion.DestinationOf(source, Destination is null ? null : FullPath(Destination), Ending);
            (SshPrivateKey Key, bool Encrypted)? read = null;

            // Read first, so that -WhatIf finds the errors too. A passphrase can be hashed for seconds: Ctrl+C does not wait for it.
            Run(source, async stopping => read = await Task.Run(() => Read(source, destination, passphrase), stopping).OrStopped(stopping));
            if (read is { } found && ShouldProcess(destination, $"write the private key of {source}"))
            {
                var key = Comment is null ? found.Key : found.Key.WithComment(Comment);

                // A passphrase is never dropped without a word.
                var kept = newPassphrase ?? (found.Encrypted ? passphrase : null);
                Run(source, async stopping =>
                    await Output.ObjectAsync(await Task.Run(() => Write(key, source, destination, kept, stopping), stopping).OrStopped(stopping)));
            }
        }
    }

    /// <summary>The files that the parameters mean.</summary>
    private protected virtual IEnumerable<string> Sources() =>
        ParameterSetName == "Path" ? Path.SelectMany(Expand) : LiteralPath.Select(FullPath);

    /// <summary>Writes a result, unless the user has stopped it by then.</summary>
    private protected abstract PrivateKeyFile Write(
        SshPrivateKey key, string source, string destination, Passphrase? passphrase, CancellationToken cancellationToken);

    private (SshPrivateKey Key, bool Encrypted) Read(string source, string destination, Passphrase? passphrase) => destinations.Add(destination)
        ? PuttyKeyConversion.Read(source, destination, Force, passphrase)
        : throw new SpotTrainerException("DestinationShared", ErrorKind.InvalidArgument,
            $"{destination} was written for another key a moment ago, and is not overwritten with that of {source}.",
            "Give each key a -Destination of its own.", destination);

    private IEnumerable<string> Expand(string path)
    {
        // A path without wildcards that does not exist is the reader's own error, which says more than the provider's.
        return WildcardPattern.ContainsWildcardCharacters(path) ? GetResolvedProviderPathFromPSPath(path, out _) : [FullPath(path)];
    }
}
