using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Keys;

/// <summary>Turns a private key, such as EC2's <c>.pem</c>, into PuTTY's <c>.ppk</c>.</summary>
[Cmdlet(VerbsData.ConvertTo, "PuttyKey", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(PuttyKey))]
public sealed class ConvertToPuttyKeyCommand : StepCmdlet
{
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

    /// <summary>The file to be written; beside the source, with the ending .ppk, when left out.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>Overwrites a file that stands there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var path in ParameterSetName == "Path" ? Path.SelectMany(Expand) : LiteralPath.Select(FullPath))
        {
            var destination = Destination is null ? System.IO.Path.ChangeExtension(path, ".ppk") : FullPath(Destination);
            try
            {
                // Read first, so that -WhatIf finds the errors too.
                var key = PuttyKeyConversion.Read(path, destination, Force);
                if (ShouldProcess(destination, "write the PuTTY key"))
                {
                    WriteObject(PuttyKeyConversion.Write(key, path, destination));
                }
            }
            catch (Exception exception) when (exception is SpotTrainerException or IOException or UnauthorizedAccessException)
            {
                WriteError(ErrorRecords.From(exception, path));
            }
        }
    }

    private IEnumerable<string> Expand(string path)
    {
        // A path without wildcards that does not exist is the reader's own error, which says more than the provider's.
        return WildcardPattern.ContainsWildcardCharacters(path) ? GetResolvedProviderPathFromPSPath(path, out _) : [FullPath(path)];
    }
}
