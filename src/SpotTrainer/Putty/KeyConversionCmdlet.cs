using System.Management.Automation;
using System.Security;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Putty;

/// <summary>The base of the cmdlets that convert private key files from one format to another.</summary>
public abstract class KeyConversionCmdlet : StepCmdlet
{
    private readonly HashSet<string> destinations = new(Platform.IsLinux ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);

    /// <summary>The private key files. Wildcards are allowed. A path that exists is meant literally, even if it has brackets.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>The exact paths of the private key files, without wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "FullName", "KeyPath")]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The file or folder to write to. The default is next to the source, with the extension of the new format.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>The passphrase of the source files. Ignored for files without one.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public SecureString? Passphrase { get; set; }

    /// <summary>The passphrase of the new files. The default is the source's passphrase. An empty one removes it.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public SecureString? NewPassphrase { get; set; }

    /// <summary>
    /// A new comment for the keys. The default is the source's comment or, if its format has no comment field, PuTTYgen's
    /// imported-openssh-key.
    /// </summary>
    [Parameter]
    [ValidatePattern(@"\A[^\x00-\x1f\x7f]*\z")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Comment { get; set; }

    /// <summary>Overwrites existing files.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The extension of the new files.</summary>
    private protected abstract string Ending { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        using var passphrase = Keys.Passphrase.From(Passphrase);
        using var newPassphrase = Keys.Passphrase.From(NewPassphrase);
        foreach (var source in Sources())
        {
            var destination = PuttyKeyConversion.DestinationOf(source, Destination is null ? null : DestinationPath(Destination), Ending);

            // Read first, so that -WhatIf also reports errors.
            var found = Do(source, passphrase, _ => Read(source, destination, passphrase));
            if (found is null || !ShouldProcess(destination, $"write the private key from {source}"))
            {
                continue;
            }

            // A passphrase is never dropped silently.
            var key = Comment is null ? found.Key : found.Key.WithComment(Comment);
            var kept = newPassphrase ?? (found.Encrypted ? passphrase : null);
            if (Do(source, kept, stopping => Write(key, source, destination, kept, stopping)) is { } written)
            {
                WriteObject(written);
            }
        }
    }

    /// <summary>The files that the parameters name.</summary>
    private protected virtual IEnumerable<string> Sources() =>
        ParameterSetName == "Path" ? Path.SelectMany(FullPaths) : LiteralPath.Select(FullPath);

    /// <summary>Writes a new file, unless the user has stopped the cmdlet by then.</summary>
    private protected abstract PrivateKeyFile Write(
        SshPrivateKey key, string source, string destination, Passphrase? passphrase, CancellationToken cancellationToken);

    /// <summary>Runs work. Hashing a passphrase can take seconds, and Ctrl+C does not wait for it.</summary>
    private T? Do<T>(string source, Passphrase? hashed, Func<CancellationToken, T> work)
        where T : class => hashed is null or { IsEmpty: true }
        ? GetHere(source, () => work(StopToken))
        : Get(source, async stopping => await Task.Run(() => work(stopping), stopping).OrStopped(stopping));

    private FoundKey Read(string source, string destination, Passphrase? passphrase)
    {
        // Only a key takes a destination: the certificate x.crt does not keep x.key from becoming x.ppk.
        var (key, encrypted) = PrivateKeyReader.Read(source, passphrase);
        if (!destinations.Add(destination))
        {
            throw new SpotTrainerException("DestinationShared", ErrorKind.InvalidArgument,
                $"{destination} was just written for another key, and is not overwritten with the key from {source}.",
                "Use a different -Destination for each key.", destination);
        }

        return Force || !File.Exists(destination) ? new FoundKey(key, encrypted) : throw PrivateKeyWriter.FileExists(destination);
    }

    private sealed record FoundKey(SshPrivateKey Key, bool Encrypted);
}
