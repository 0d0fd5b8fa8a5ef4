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
    /// <summary>The list. From the pipeline, it is that of a stack, which may come from Import-Clixml.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Lock { get; set; } = string.Empty;

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
        try
        {
            CondaLock.Read(Lock, "-Lock");
        }
        catch (SpotTrainerException exception)
        {
            Fail(exception, path);
        }

        if (!ShouldProcess(path, "write the list of the stack's packages"))
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
            File.WriteAllText(path, Lock, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Fail(exception, path);
        }

        WriteObject(path);
    }
}
