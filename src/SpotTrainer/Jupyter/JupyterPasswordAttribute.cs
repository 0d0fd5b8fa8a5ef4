using System.Management.Automation;
using System.Security;

namespace SpotTrainer.Jupyter;

/// <summary>
/// Lets a parameter that takes a secure string also take a credential, whose user name does not matter. Text is taken only to be refused:
/// PowerShell's own error would show it.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class JupyterPasswordAttribute : ArgumentTransformationAttribute
{
    private static readonly SecureString Text = new();

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject { BaseObject: var inner } ? inner : inputData) switch
        {
            PSCredential credential => credential.Password,
            string => Text,
            _ => inputData,
        };

    /// <summary>Whether a password was given as text.</summary>
    internal static bool WasText(SecureString? password) => ReferenceEquals(password, Text);
}
