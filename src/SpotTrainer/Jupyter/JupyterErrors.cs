using SpotTrainer.Foundation;

namespace SpotTrainer.Jupyter;

/// <summary>The errors of securing, starting, and reaching Jupyter. None shows a password, a hash, or a token.</summary>
internal static class JupyterErrors
{
    public static SpotTrainerException PasswordEmpty() => new(
        "PasswordEmpty", ErrorKind.SecurityError, "The password for Jupyter is empty, so the server would let everybody in.",
        "Use a longer password, or with Set-JupyterSecurity omit -Password: then one is generated.");

    public static SpotTrainerException PasswordIsText(string cmdlet) => new(
        "PasswordIsText", ErrorKind.InvalidArgument,
        "The password was given as text, which stays in the history of the prompt and in scripts. It is not shown here.",
        "Use -Password (Read-Host -AsSecureString), or -Password (Get-Credential jupyter).", cmdlet);
}
