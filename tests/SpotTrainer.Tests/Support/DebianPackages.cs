namespace SpotTrainer.Tests.Support;

/// <summary>Installs Debian packages that a test needs in addition to the product's.</summary>
internal static class DebianPackages
{
    // Services stay off (cloud-init also when this computer next starts), because the tests need only the programs.
    private const string Script = """
        set -eu
        if [ ! -e /usr/sbin/policy-rc.d ]; then
            printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
            chmod 755 /usr/sbin/policy-rc.d
            trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        fi
        case " $* " in *' cloud-init '*) mkdir -p /etc/cloud && touch /etc/cloud/cloud-init.disabled ;; esac
        apt() { apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }
        export DEBIAN_FRONTEND=noninteractive
        apt install -y --no-install-recommends "$@" || { apt update && apt install -y --no-install-recommends "$@"; }
        """;

    private static readonly SemaphoreSlim Gate = new(1);
    private static readonly Dictionary<string, string?> Known = new(StringComparer.Ordinal);

    /// <summary>Ensures that packages are installed. Each is tried once per test run. After a failure, later tests fail at once.</summary>
    public static async Task EnsureAsync(params string[] packages)
    {
        await Gate.WaitAsync();
        try
        {
            var unknown = packages.Where(package => !Known.ContainsKey(package)).ToArray();
            var missing = new List<string>();
            foreach (var package in unknown)
            {
                var found = await Programs.RunAsync("dpkg-query", "-W", "-f", "${db:Status-Status}", package);
                if (found is not { Status: 0, Output: "installed" })
                {
                    missing.Add(package);
                }
            }

            var failure = missing.Count == 0 ? null : await InstallAsync(missing);
            foreach (var package in unknown)
            {
                Known[package] = missing.Contains(package, StringComparer.Ordinal) ? failure : null;
            }

            Assert.All(packages, package => Assert.True(Known[package] is null, Known[package]));
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <returns><see langword="null"/>, or what to do manually.</returns>
    private static async Task<string?> InstallAsync(List<string> packages)
    {
        string[] prefix = Environment.IsPrivilegedProcess ? [] : ["sudo", "-n"];
        var result = await Programs.RunAsync([.. prefix, "sh", "-c", Script, "sh", .. packages]);
        return result.Status == 0
            ? null
            : $"The tests need packages. Run: sudo apt-get install -y --no-install-recommends {string.Join(' ', packages)}\n{result.Error}";
    }
}
