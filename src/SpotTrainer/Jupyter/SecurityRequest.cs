using System.Security;
using System.Text.Json.Serialization;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>
/// The password that a user asks Jupyter to have. It can be written to disk and read back: the hash is saved, never the password. Applying
/// it again keeps the certificate that it made.
/// </summary>
internal sealed record SecurityRequest
{
    /// <summary>The folder of the Python stack on the machine.</summary>
    public string Prefix { get; init; } = MachineLayout.CondaPrefix;

    /// <summary>The hash of the password, in Jupyter's own form.</summary>
    public string PasswordHash { get; init; } = string.Empty;

    /// <summary>The password; null after the request was read back.</summary>
    [JsonIgnore]
    public SecureString? Password { get; init; }

    /// <summary>Creates the request. Hashing takes a moment.</summary>
    /// <param name="prefix">The folder of the Python stack on the machine.</param>
    /// <param name="password">The password; null to make one.</param>
    public static SecurityRequest Create(string prefix, SecureString? password)
    {
        password ??= JupyterPassword.Make();
        return new SecurityRequest { Prefix = prefix, PasswordHash = JupyterPassword.Hash(password), Password = password };
    }
}
