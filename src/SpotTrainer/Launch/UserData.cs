using System.Globalization;
using System.IO.Compression;
using System.Text;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Keys;

namespace SpotTrainer.Launch;

/// <summary>
/// Writes the user data of a launch: a cloud-config for cloud-init. It arms the deadline in bootcmd, before anything else runs, and gives
/// the instance the host key that the client created.
/// </summary>
internal static class UserData
{
    /// <summary>Writes the user data. EC2 accepts at most 16 KB.</summary>
    /// <param name="now">The current time, by this computer's clock.</param>
    /// <param name="deadline">The deadline, by this computer's clock. On the instance's clock, it comes no later than the time from
    /// <paramref name="now"/> to the deadline after the first boot, plus a minute. So a client whose clock is ahead, and that dies before
    /// it
    /// notices, pays for no more.</param>
    /// <param name="idleTimeout">How long the instance may be idle; zero for until the deadline.</param>
    /// <param name="hostKey">Its first host key.</param>
    public static string Write(DateTimeOffset now, DateTimeOffset deadline, TimeSpan idleTimeout, SshPrivateKey hostKey)
    {
        var script = Convert.ToBase64String(Compress(EmbeddedScript.Read(Watchdog.Script)));
        var idle = idleTimeout.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        var longest = (deadline - now + AwsClock.Tolerance).TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        var text = new StringBuilder("#cloud-config\n");

        // bootcmd runs at every boot, and must not undo a moved deadline of this instance, or keep one that came with the image. An instance
        // that cannot arm its deadline must not run.
        text.Append("bootcmd:\n- - sh\n  - -c\n  - |\n");
        AppendBlock(text, $"""
            w={Watchdog.Path}; $w holds 2> /dev/null && exit 0
            echo kernel.panic=10 > /etc/sysctl.d/90-spottrainer.conf; sysctl -q -p /etc/sysctl.d/90-spottrainer.conf
            deadline={deadline.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}; latest=$(($(date +%s) + {longest}))
            [ $latest -ge $deadline ] || deadline=$latest
            mkdir -p /usr/local/sbin
            base64 -d << 'END' | gzip -d > $w.new && chmod 755 $w.new && mv $w.new $w && $w arm $deadline {idle} && exit 0
            {script}
            END
            echo 'SpotTrainer: the deadline could not be armed. Shutting down.' > /dev/console
            systemctl start poweroff.target --job-mode=replace-irreversibly --no-block || systemctl poweroff
            sleep 60; echo o > /proc/sysrq-trigger
            """);
        text.Append("ssh_deletekeys: true\nssh_keys:\n  ed25519_private: |\n");
        AppendBlock(text, hostKey.ToOpenSsh());
        text.Append("  ed25519_public: ").Append(hostKey.PublicLine).Append('\n');
        return text.ToString();
    }

    private static byte[] Compress(string text)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal))
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            gzip.Write(bytes, 0, bytes.Length);
        }

        return compressed.ToArray();
    }

    /// <summary>Appends lines as the content of a YAML literal block.</summary>
    private static void AppendBlock(StringBuilder text, string lines)
    {
        foreach (var line in lines.Replace("\r\n", "\n").TrimEnd('\n').Split('\n'))
        {
            text.Append("    ").Append(line).Append('\n');
        }
    }
}
