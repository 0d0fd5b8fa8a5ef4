namespace SpotTrainer.Rehearsal.Machines;

/// <summary>Explains why the system did not allow the network.</summary>
internal static class UserNamespaces
{
    private static readonly (string Setting, string Forbidding, string Allowing)[] Settings =
    [
        ("kernel.unprivileged_userns_clone", "0", "1"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
        ("user.max_user_namespaces", "0", "15000"),
    ];

    /// <summary>Returns the exception for what <c>unshare</c> or the network's process printed before it ended.</summary>
    public static Exception Explain(string said)
    {
        if (said.Contains("unshare:", StringComparison.Ordinal) || said.Contains("not permitted", StringComparison.Ordinal))
        {
            foreach (var (setting, forbidding, allowing) in Settings)
            {
                if (string.Equals(Read(setting), forbidding, StringComparison.Ordinal))
                {
                    return new UserNamespacesForbiddenException($"sudo sysctl -w {setting}={allowing}", FirstLine(said));
                }
            }

            if (said.Contains("unshare failed", StringComparison.Ordinal))
            {
                // No setting forbids it, so a container's seccomp filter does.
                return new UserNamespacesForbiddenException("docker run --privileged … (when starting the container)", FirstLine(said));
            }
        }

        return new InvalidOperationException($"The rehearsal's network could not be created: {said.Trim()}");
    }

    private static string FirstLine(string text) => text.Trim().Split('\n')[0];

    private static string? Read(string setting)
    {
        var path = "/proc/sys/" + setting.Replace('.', '/');
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }
}
