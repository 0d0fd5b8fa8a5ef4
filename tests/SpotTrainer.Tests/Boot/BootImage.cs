using System.Security.Cryptography;
using System.Text;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Boot;

/// <summary>
/// A Debian system with systemd, cloud-init, and sshd, as on a cloud's image: one disk without a partition table, and its kernel. It is
/// made once and kept in the user's cache folder. Nothing in it is made for a test, except that neither way to start sshd is chosen.
/// </summary>
/// <param name="Disk">The file of the disk, which is only copied.</param>
/// <param name="Kernel">The kernel.</param>
/// <param name="InitialFiles">The kernel's first files.</param>
internal sealed record BootImage(string Disk, string Kernel, string InitialFiles)
{
    /// <summary>Makes the image in a new folder: $1 is Debian's name for the system, $2 the folder.</summary>
    private const string Recipe = """
        set -eu
        mkdir -p "$2/root"
        mmdebstrap --variant=minbase --components=main --quiet \
            --include=linux-image-cloud-amd64,systemd-sysv,dbus,udev,cloud-init,openssh-server,sudo,curl,iproute2,procps,ifupdown,isc-dhcp-client,kmod,e2fsprogs \
            --customize-hook='chroot "$1" systemctl disable ssh.service ssh.socket' \
            --customize-hook='chroot "$1" systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer' \
            --customize-hook='rm -f "$1"/etc/ssh/ssh_host_*; : > "$1/etc/machine-id"' \
            "$1" "$2/root.tar"
        tar -xf "$2/root.tar" -C "$2/root" --numeric-owner
        rm "$2/root.tar"
        cp "$2"/root/boot/vmlinuz-* "$2/kernel"
        cp "$2"/root/boot/initrd.img-* "$2/initial"
        truncate -s 3G "$2/disk"
        mkfs.ext4 -q -F -d "$2/root" "$2/disk"
        rm -rf "$2/root"
        """;

    private static readonly SemaphoreSlim Gate = new(1);

    /// <summary>Whether the tests that boot were asked for.</summary>
    public static bool Wanted => Environment.GetEnvironmentVariable("SPOTTRAINER_BOOT") == "1";

    /// <summary>Skips a test that cannot run here, and says why.</summary>
    public static void SkipUnlessPossible()
    {
        Assert.SkipUnless(Wanted, "Boots whole machines for about 20 minutes: set SPOTTRAINER_BOOT=1.");
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/etc/debian_version"), "Needs Debian: mmdebstrap makes the images.");
        Assert.SkipUnless(
            System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.X64,
            "Needs an x86-64 computer.");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Needs root: an image's files have owners.");
    }

    /// <summary>Returns the image of a Debian system, made now or before.</summary>
    /// <param name="system">Debian's name for it, such as <c>bookworm</c>.</param>
    public static async Task<BootImage> GetAsync(string system)
    {
        await DebianPackages.EnsureAsync("mmdebstrap", "qemu-system-x86", "e2fsprogs", "socat");
        var recipe = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Recipe)))[..8];
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var images = Path.Combine(cache, "spottrainer", "boot-tests");
        var folder = Path.Combine(images, $"{system}-{recipe}");
        await Gate.WaitAsync();
        try
        {
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(images);
                foreach (var old in Directory.EnumerateDirectories(images, $"{system}-*"))
                {
                    Directory.Delete(old, recursive: true);
                }

                var made = folder + ".new";
                (await Programs.RunAsync("sh", "-c", Recipe, "sh", system, made)).Succeeded();
                Directory.Move(made, folder);
            }
        }
        finally
        {
            Gate.Release();
        }

        return new BootImage(Path.Combine(folder, "disk"), Path.Combine(folder, "kernel"), Path.Combine(folder, "initial"));
    }

    /// <summary>Copies a disk, whose unused parts take no room.</summary>
    public static async Task CopyAsync(string from, string to) =>
        (await Programs.RunAsync("cp", "--sparse=always", "--reflink=auto", from, to)).Succeeded();
}
