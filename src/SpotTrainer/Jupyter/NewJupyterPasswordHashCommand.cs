using System.Management.Automation;
using System.Security;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Jupyter;

/// <summary>Hashes a password as Jupyter does, on this computer.</summary>
[Cmdlet(VerbsCommon.New, "JupyterPasswordHash")]
[OutputType(typeof(string))]
public sealed class NewJupyterPasswordHashCommand : StepCmdlet
{
    /// <summary>The password, as a secure string or a credential.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    [JupyterPassword]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public SecureString Password { get; set; } = null!;

    /// <summary>
    /// The algorithm: Argon2, which Jupyter itself uses, or Sha512 for Notebook before 6.1.
    /// </summary>
    [Parameter]
    public JupyterHashAlgorithm Algorithm { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (JupyterPasswordAttribute.WasText(Password))
        {
            HideCall();
            Fail(JupyterErrors.PasswordIsText(MyInvocation.MyCommand.Name));
        }

        if (GetHere(MyInvocation.MyCommand.Name, () => JupyterPassword.Hash(Password, Algorithm)) is { } hash)
        {
            WriteObject(hash);
        }
    }
}
