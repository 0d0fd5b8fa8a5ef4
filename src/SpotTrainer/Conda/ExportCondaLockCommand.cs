using System.Management.Automation;
using System.Text;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Conda;

/// <summary>Writes the exact list of a Python stack's packages to a file, from which Install-CondaStack makes the same stack again.</summary>
[Cmdlet(VerbsData.Export, "CondaLock", SupportsShouldProcess = true)]
[OutputType(typeof(string))]
public sealed class ExportCondaLockCommand : StepCmdlet
{
    /// <summary>The stack, from Install-CondaStack.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public CondaStack Stack { get; set; } = null!;

    /// <summary>The file to write on this computer.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>Replaces a file that is there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var path = FullPath(Path);
        if (!ShouldProcess(path, $"write the list of the {DisplayText.Count(Stack.AllPackages.Count, "package")} of {Stack}"))
        {
            return;
        }

        if (File.Exists(path) && !Force)
        {
            Fail(new SpotTrainerException("FileExists", ErrorKind.ResourceExists, $"The file {path} exists already.",
                "Use another -Path, or -Force to replace it.", path));
        }

        try
        {
            File.WriteAllText(path, Stack.Lock, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Fail(exception, path);
        }

        WriteObject(path);
    }
}
