using System.Globalization;
using System.Text;
using SpotTrainer.Keys;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>
/// Writes the user data of a launch: cloud-init's cloud-config, which arms the deadline in bootcmd, before anything else runs, and gives
/// the machine the host key that the client made.
/// </summary>
internal static class UserData
{
    /// <summary>Where the watchdog lies on the machine.</summary>
    public const string WatchdogPath = "/usr/local/sbin/spottrainer-watchdog";

    /// <summary>Writes the text. EC2 takes no more than 16 KB of it.</summary>
    public static string Write(DateTimeOffset deadline, SshPrivateKey hostKey)
    {
        var script = Convert.ToBase64String(Encoding.UTF8.GetBytes(EmbeddedScript.Read("watchdog.sh")));
        var text = new StringBuilder();
        text.Append("#cloud-config\n");
        text.Append("ssh_deletekeys: true\n");
        text.Append("ssh_genkeytypes: []\n");
        text.Append("ssh_keys:\n");
        text.Append("  ed25519_private: |\n");
        foreach (var line in hostKey.ToOpenSsh().TrimEnd('\n').Split('\n'))
        {
            text.Append("    ").Append(line).Append('\n');
        }

        text.Append("  ed25519_public: ").Append(hostKey.PublicLine).Append('\n');
        text.Append("bootcmd:\n");

        // bootcmd runs at every boot: a deadline that was moved since must not be set back.
        text.Append("  - test -x ").Append(WatchdogPath).Append(" || { echo ").Append(script).Append(" | base64 -d > ").Append(WatchdogPath)
            .Append(" && chmod 0755 ").Append(WatchdogPath).Append("; }\n");
        text.Append("  - test -s /var/lib/spottrainer/deadline || ").Append(WatchdogPath).Append(" arm ")
            .Append(deadline.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)).Append('\n');
        text.Append("  - sysctl -w kernel.panic=10\n");
        return text.ToString();
    }
}
