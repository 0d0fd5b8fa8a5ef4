using System.Security.AccessControl;
using System.Security.Principal;
using SpotTrainer.Foundation;

namespace SpotTrainer.Keys;

/// <summary>Refuses private keys that other users can access, as ssh does.</summary>
internal static class KeyFilePermissions
{
    /// <summary>Throws if users other than the file's owner have access to the file.</summary>
    /// <exception cref="SpotTrainerException"><c>KeyTooOpen</c>.</exception>
    public static void Require(string path)
    {
#if NET
        if (!OperatingSystem.IsWindows())
        {
            RequireMode(path);
            return;
        }
#endif
        RequireAccessList(path);
    }

    /// <summary>
    /// Returns the command that leaves access to this user alone. Without /reset, the rights that the file itself gives others would stay.
    /// </summary>
    public static string IcaclsLine(string path) =>
        $"icacls {PowerShellText.Quote(path)} /reset; icacls {PowerShellText.Quote(path)} /inheritance:r /grant:r \"${{env:USERNAME}}:F\"";

#if NET
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static void RequireMode(string path)
    {
        // The mode of a link's target counts, not the mode of the link.
        using var file = File.OpenHandle(path);
        var mode = File.GetUnixFileMode(file);
        if ((mode & Others) != UnixFileMode.None)
        {
            throw TooOpen(path, $"its mode is 0{Convert.ToString((int)mode, toBase: 8)}", $"chmod 600 {PowerShellText.Quote(path)}");
        }
    }

    [System.Runtime.Versioning.SupportedOSPlatform("windows")]
#endif
    private static void RequireAccessList(string path)
    {
        using var user = WindowsIdentity.GetCurrent();
        var rules = new FileInfo(path).GetAccessControl()
            .GetAccessRules(includeExplicit: true, includeInherited: true, typeof(SecurityIdentifier));
        foreach (FileSystemAccessRule rule in rules)
        {
            if (rule.AccessControlType == AccessControlType.Allow && rule.FileSystemRights.HasFlag(FileSystemRights.ReadData)
                && rule.IdentityReference is SecurityIdentifier identifier
                && !identifier.Equals(user.User!) && !identifier.IsWellKnown(WellKnownSidType.LocalSystemSid)
                && !identifier.IsWellKnown(WellKnownSidType.BuiltinAdministratorsSid))
            {
                throw TooOpen(path, $"{Name(identifier)} can read it", IcaclsLine(path));
            }
        }
    }

#if NET
    [System.Runtime.Versioning.SupportedOSPlatform("windows")]
#endif
    private static string Name(SecurityIdentifier identifier)
    {
        try
        {
            return identifier.Translate(typeof(NTAccount)).Value;
        }
        catch (IdentityNotMappedException)
        {
            return identifier.Value;
        }
    }

    private static SpotTrainerException TooOpen(string path, string why, string command) => new(
        "KeyTooOpen", ErrorKind.SecurityError, $"Other users can access the private key {path}: {why}. It was not used.",
        $"Run: {command}", path);
}
