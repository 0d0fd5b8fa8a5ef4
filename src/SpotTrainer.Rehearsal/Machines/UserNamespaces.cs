namespace SpotTrainer.Rehearsal.Machines;

/// <summary>Tells why the system did not let the network be made.</summary>
internal static class UserNamespaces
{
    private static readonly (string Setting, string Forbidding, string Allowing)[] Settings =
    [
        ("kernel.unprivileged_userns_clone", "0", "1"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
        ("user.max_user_namespaces", "0", "15000"),
    ];

    /// <summary>The exception for what <c>unshare</c> or the network's process said before it ended.</summary>
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
                // No setting forbids it: a container's seccomp filter does.
                return new UserNamespacesForbiddenException("docker run --privileged … (in a container, its own start decides)", FirstLine(said));
            }
        }

        return new InvalidOperationException($"The rehearsal's network could not be made: {said.Trim()}");
    }

    private static string FirstLine(string text) => text.Trim().Split('\n')[0];

    private static string? Read(string setting)
    {
        var path = "/proc/sys/" + setting.Replace('.', '/');
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }
}
