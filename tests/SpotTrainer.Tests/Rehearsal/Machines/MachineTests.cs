using System.Globalization;
using System.Text;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Machines;

[Trait("Speed", "Slow")]
public sealed class MachineTests(VpcFixture fixture) : IClassFixture<VpcFixture>
{
    [Fact]
    public async Task Ssh_logs_in_with_the_given_host_key_and_files_go_both_ways()
    {
        var machine = await fixture.BootAsync(fixture.CloudConfig(""));
        Assert.Equal("ubuntu\n/home/ubuntu\n", (await fixture.OnAsync(machine, "whoami; pwd")).Succeeded());
        var sent = Path.Combine(fixture.UserKeys.Folder, "sent");
        var content = new byte[3_000_000];
        Random.Shared.NextBytes(content);
        await File.WriteAllBytesAsync(sent, content, TestContext.Current.CancellationToken);
        var there = $"ubuntu@{machine.PublicIpAddress}:there";
        (await Programs.RunAsync([.. fixture.Ssh("scp", machine), sent, there])).Succeeded();
        (await Programs.RunAsync([.. fixture.Ssh("scp", machine), there, sent + ".back"])).Succeeded();
        Assert.Equal(content, await File.ReadAllBytesAsync(sent + ".back", TestContext.Current.CancellationToken));
        var listing = await Programs.RunAsync([.. fixture.Ssh("sftp", machine), "-b", "-", $"ubuntu@{machine.PublicIpAddress}"], "ls\n");
        Assert.Contains("there", listing.Succeeded(), StringComparison.Ordinal);
        Assert.Equal(
            "/dev/pts/0",
            (await Programs.RunAsync([.. fixture.Ssh("ssh", machine), "-tt", $"ubuntu@{machine.PublicIpAddress}", "tty"])).Output.Trim());
        Assert.NotEqual(0, (await Programs.RunAsync([.. fixture.Ssh("ssh", machine), $"root@{machine.PublicIpAddress}", "true"])).Status);
        await machine.TerminateAsync();
    }

    [Fact]
    public async Task Host_keys_that_a_machine_generates_are_on_its_console()
    {
        var machine = await fixture.BootAsync("");
        var shown = machine.ConsoleOutput;
        Assert.Contains("-----BEGIN SSH HOST KEY FINGERPRINTS-----", shown, StringComparison.Ordinal);
        var scanned = await Programs.RunAsync(
            "ssh-keyscan", "-t", "ed25519", "-p", machine.SshPort.ToString(CultureInfo.InvariantCulture), machine.PublicIpAddress);
        Assert.Contains(scanned.Succeeded().Trim().Split(' ')[2], shown, StringComparison.Ordinal);
        await machine.TerminateAsync();
    }

    [Fact]
    public async Task Two_machines_can_use_the_same_port_and_reach_each_other_but_not_the_internet()
    {
        var machines = await Task.WhenAll(fixture.BootAsync(fixture.CloudConfig("")), fixture.BootAsync(fixture.CloudConfig("")));
        foreach (var machine in machines)
        {
            const string serve = "mkdir w; hostname > w/name; setsid python3 -m http.server -d w 8888 >/dev/null 2>&1 & "
                + "curl -s --retry 100 --retry-connrefused --retry-delay 0 localhost:8888/name";
            Assert.Equal($"ip-{machine.PrivateIpAddress.Replace('.', '-')}\n", (await fixture.OnAsync(machine, serve)).Succeeded());
        }

        var (first, second) = (machines[0], machines[1]);
        var other = await fixture.OnAsync(first, $"curl -s http://{second.PrivateIpAddress}:8888/name");
        Assert.Equal($"ip-{second.PrivateIpAddress.Replace('.', '-')}\n", other.Succeeded());
        var byName = await fixture.OnAsync(first, $"curl -s http://ip-{second.PrivateIpAddress.Replace('.', '-')}:8888/name");
        Assert.Equal(other.Output, byName.Succeeded());
        Assert.Equal("endpoint", (await fixture.OnAsync(first, "curl -s http://10.77.0.1:8080/")).Succeeded());
        Assert.Equal("the file\n", (await fixture.OnAsync(first, "curl -sf http://10.77.0.1/some/file.sh")).Succeeded());
        Assert.Equal(22, (await fixture.OnAsync(first, "curl -sf http://10.77.0.1/other")).Status);
        Assert.Equal(7, (await fixture.OnAsync(first, "curl -s http://192.0.2.1/")).Status);
        Assert.Equal("2\n", (await fixture.OnAsync(first, "ls /sys/class/net 2>/dev/null; ip -o link show | grep -c UP")).Output);
        await Task.WhenAll(machines.Select(machine => machine.TerminateAsync()));
    }

    [Fact]
    public async Task A_door_admits_only_its_address_range_while_it_is_open()
    {
        var machine = await fixture.BootAsync(fixture.CloudConfig(""));
        const string serve = "mkdir w; echo here > w/name; setsid python3 -m http.server -d w 8888 >/dev/null 2>&1 & "
            + "curl -s --retry 100 --retry-connrefused --retry-delay 0 localhost:8888/name";
        (await fixture.OnAsync(machine, serve)).Succeeded();
        const int refused = 7;
        Assert.Equal(refused, (await GetAsync("127.0.0.1", 8888)).Status);
        machine.SetDoors(
            [new OpenPort(8888, System.Net.IPNetwork.Parse("127.0.0.1/32")),
                new OpenPort(9999, System.Net.IPNetwork.Parse("127.0.0.1/32"))]);
        Assert.Equal("here\n", (await GetAsync("127.0.0.1", 8888)).Succeeded());
        Assert.NotEqual(0, (await GetAsync("127.0.0.2", 8888)).Status);
        Assert.NotEqual(0, (await GetAsync("127.0.0.1", 9999)).Status);
        machine.SetDoors([new OpenPort(8888, System.Net.IPNetwork.Parse("127.0.0.2/32"))]);
        Assert.Equal("here\n", (await GetAsync("127.0.0.2", 8888)).Succeeded());
        Assert.NotEqual(0, (await GetAsync("127.0.0.1", 8888)).Status);
        Assert.Equal(refused, (await GetAsync("127.0.0.1", 9999)).Status);
        machine.SetDoors([]);
        Assert.Equal(refused, (await GetAsync("127.0.0.2", 8888)).Status);

        // The door closes when the machine ends.
        machine.SetDoors([new OpenPort(8888, System.Net.IPNetwork.Parse("127.0.0.1/32"))]);
        await machine.TerminateAsync();
        Assert.Equal(refused, (await GetAsync("127.0.0.1", 8888)).Status);
        machine.SetDoors([new OpenPort(8888, System.Net.IPNetwork.Parse("127.0.0.1/32"))]);
        Assert.Equal(refused, (await GetAsync("127.0.0.1", 8888)).Status);

        Task<Programs.Result> GetAsync(string from, int port) =>
            Programs.RunAsync(
                "curl", "-sS", "--interface", from,
                string.Create(CultureInfo.InvariantCulture, $"http://{machine.PublicIpAddress}:{port}/name"));
    }

    [Fact]
    public async Task Metadata_needs_a_token_and_follows_changes()
    {
        var machine = await fixture.BootAsync(fixture.CloudConfig(""));
        const string url = "http://169.254.169.254/latest";
        Assert.Equal("401", (await fixture.OnAsync(machine, $"curl -s -o /dev/null -w '%{{http_code}}' {url}/meta-data/")).Succeeded());
        Assert.Equal("400", (await fixture.OnAsync(machine, $"curl -s -o /dev/null -w '%{{http_code}}' -X PUT {url}/api/token")).Output);
        const string get = $"t=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' {url}/api/token); "
            + $"get() {{ curl -s -w ' %{{http_code}}' -H \"X-aws-ec2-metadata-token: $t\" {url}/$1; }}; ";
        Assert.Equal($"{machine.InstanceId} 200", (await fixture.OnAsync(machine, get + "get meta-data/instance-id")).Succeeded());
        Assert.Equal(
            "hostname\ninstance-id\nlocal-hostname\nlocal-ipv4\nplacement/\npublic-ipv4 200",
            (await fixture.OnAsync(machine, get + "get meta-data/")).Succeeded());
        Assert.Equal("availability-zone\nregion 200", (await fixture.OnAsync(machine, get + "get meta-data/placement")).Succeeded());
        Assert.Equal($"{machine.PrivateIpAddress} 200", (await fixture.OnAsync(machine, get + "get meta-data/local-ipv4")).Succeeded());
        Assert.Contains("#cloud-config", (await fixture.OnAsync(machine, get + "get user-data")).Succeeded(), StringComparison.Ordinal);
        var missing = (await fixture.OnAsync(machine, get + "get meta-data/spot/instance-action")).Succeeded();
        Assert.Contains("<title>404 - Not Found</title>", missing, StringComparison.Ordinal);
        Assert.EndsWith(" 404", missing, StringComparison.Ordinal);
        machine.SetMetadata("meta-data/spot/instance-action", """{"action":"terminate"}""");
        Assert.Equal("""{"action":"terminate"} 200""", (await fixture.OnAsync(machine, get + "get meta-data/spot/instance-action")).Succeeded());
        machine.SetMetadata("meta-data/spot/instance-action", null);
        Assert.EndsWith(
            " 404", (await fixture.OnAsync(machine, get + "get meta-data/spot/instance-action")).Output, StringComparison.Ordinal);
        await machine.TerminateAsync();
    }

    [Fact]
    public async Task Cloud_config_is_applied_in_cloud_inits_order_and_an_error_does_not_stop_the_boot()
    {
        var zipped = (await Programs.RunAsync("sh", "-c", "printf zipped | gzip | base64 -w0")).Succeeded();
        var machine = await fixture.BootAsync(fixture.CloudConfig($$"""
            bootcmd:
              - echo "first, $(systemctl is-active ssh), $INSTANCE_ID" > /order
              - [ sh, -c, "echo 'a list' >> /order; test ! -e /etc/written && echo 'before files' >> /order" ]
            write_files:
              - path: /etc/written/a
                content: |
                  plain text
                permissions: '0750'
              - path: /etc/written/a
                content: YmFzZTY0
                encoding: b64
                permissions: '0750'
                append: true
              - { path: /etc/written/b, content: {{zipped}}, encoding: gz+b64 }
            runcmd:
              - echo "last, $(systemctl is-active ssh), $(id -un)" >> /order
              - "false"
            packages: [ lightgbm ]
            chef: { }
            """));
        var order = (
            await fixture.OnAsync(machine, "cat /order /etc/written/*; stat -c ' %a' /etc/written/a; cloud-init status --wait")).Output;
        Assert.Equal(
            $"first, inactive, {machine.InstanceId}\na list\nbefore files\nlast, active, ubuntu\nplain text\nbase64zipped 750\nstatus: error\nruncmd: exit status 1\n", order);
        Assert.Contains("packages: not applied", machine.ConsoleOutput, StringComparison.Ordinal);
        Assert.Contains("chef: ignored", machine.ConsoleOutput, StringComparison.Ordinal);
        Assert.Contains("runcmd failed: exit status 1", machine.ConsoleOutput, StringComparison.Ordinal);
        await machine.TerminateAsync();
    }

    [Fact]
    public async Task A_script_runs_after_sshd_and_its_output_is_on_the_console()
    {
        var machine = await fixture.BootAsync("#!/bin/bash\necho \"script: $(systemctl is-active ssh)\"; yes | head -c 100000\n");
        Assert.Equal(64 * 1024, Encoding.UTF8.GetByteCount(machine.ConsoleOutput));
        await machine.TerminateAsync();
        var broken = await fixture.BootAsync("#cloud-config\n\tno: yaml: at all\n");
        Assert.Contains("Failed loading yaml blob", broken.ConsoleOutput, StringComparison.Ordinal);
        Assert.DoesNotContain("script: active", broken.ConsoleOutput, StringComparison.Ordinal);
        await broken.TerminateAsync();
    }

    [Fact]
    public async Task Sudo_supports_its_options_and_this_computers_users_are_not_visible()
    {
        var machine = await fixture.BootAsync(fixture.CloudConfig(""));
        const string commands = """
            sudo -n whoami >/dev/null; sudo -n -H sh -c 'echo $HOME $USER'; sudo -E A=b sh -c 'echo $HOME $A'; sudo -u ubuntu -- sh -c 'echo $HOME'
            sudo -i pwd; echo text | sudo tee /etc/a >/dev/null; sudo chown root:root /etc/a && cat /etc/a; sudo nothing-such 2>/dev/null || echo $?
            """;
        Assert.Equal("/root root\n/home/ubuntu b\n/home/ubuntu\n/root\ntext\n1\n", (await fixture.OnAsync(machine, commands)).Succeeded());
        Assert.Equal("ubuntu\n", (await fixture.OnAsync(machine, "ls /home")).Succeeded());
        Assert.Equal(".bash_logout\n.bashrc\n.profile\n", (await fixture.OnAsync(machine, "sudo ls -A /root")).Succeeded());
        Assert.Equal("3\n", (await fixture.OnAsync(machine, "grep -c . /etc/passwd")).Succeeded());
        Assert.Equal("", (await fixture.OnAsync(machine, $"ls -d /work {fixture.Folder} /etc/shadow /var/lib/dpkg 2>/dev/null")).Output);
        Assert.DoesNotContain("dotnet", (await fixture.OnAsync(machine, "ps axww")).Succeeded(), StringComparison.Ordinal);
        await machine.TerminateAsync();
    }

    [Fact]
    public async Task A_timer_with_an_absolute_time_powers_off_and_nothing_is_left()
    {
        var machine = await fixture.BootAsync(fixture.CloudConfig(""));
        var folder = Path.Combine(fixture.Folder, $"m{machine.PublicIpAddress.Split('.')[3]}");
        Assert.True(Directory.Exists(folder));
        var arm = """
            at=$(date -u -d '+2 seconds' '+%Y-%m-%d %H:%M:%S UTC')
            printf '[Service]\nType=oneshot\nExecStart=/usr/bin/touch /tmp/fired\nExecStart=/usr/local/bin/systemctl poweroff\n' > /etc/systemd/system/end.service
            printf "[Timer]\nOnCalendar=2099-01-01 00:00:00 UTC\n[Install]\nWantedBy=timers.target\n" > /etc/systemd/system/end.timer
            mkdir /etc/systemd/system/end.timer.d
            printf "[Timer]\nOnCalendar=\nOnCalendar=$at\n" > /etc/systemd/system/end.timer.d/at.conf
            sudo systemctl daemon-reload && sudo systemctl enable --now end.timer && systemctl is-active end.timer && systemctl is-enabled end.timer
            echo "$at"; systemctl show -p NextElapseUSecRealtime --value end.timer
            """;
        var lines = (await fixture.OnAsync(machine, arm)).Succeeded().Trim().Split('\n');
        Assert.Equal(["active", "enabled"], lines[^4..^2]);
        Assert.EndsWith(lines[^2], lines[^1], StringComparison.Ordinal);
        await machine.Stopped.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.False(Directory.Exists(folder));
        Assert.Empty(Programs.With(folder + "/"));
        Assert.Contains("Power down", machine.ConsoleOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reboot_keeps_the_disk_and_the_enabled_units_and_runs_bootcmd_again_but_not_runcmd()
    {
        var machine = await fixture.BootAsync(fixture.CloudConfig("""
            bootcmd: [ "echo boot >> /var/log/order" ]
            runcmd: [ "echo run >> /var/log/order" ]
            """));
        const string arm = """
            printf '[Service]\nType=oneshot\nExecStart=/bin/true\n' > /etc/systemd/system/end.service
            printf '[Timer]\nOnCalendar=2099-01-01 00:00:00 UTC\n[Install]\nWantedBy=timers.target\n' > /etc/systemd/system/end.timer
            sudo systemctl daemon-reload; sudo systemctl enable end.timer 2>/dev/null; systemctl is-active end.timer; sudo reboot
            """;
        Assert.Contains("inactive", (await fixture.OnAsync(machine, arm)).Output, StringComparison.Ordinal);
        await VpcFixture.BootedAsync(machine, times: 2);
        Assert.Equal(
            "active\nboot\nrun\nboot\n", (await fixture.OnAsync(machine, "systemctl is-active end.timer; cat /var/log/order")).Succeeded());
        Assert.False(machine.Stopped.IsCompleted);
        await machine.TerminateAsync();
        await machine.TerminateAsync();
    }

    [Fact]
    public async Task A_service_is_restarted_and_a_shutdown_can_be_canceled()
    {
        var machine = await fixture.BootAsync(fixture.CloudConfig(""));
        const string commands = """
            printf '[Service]\nEnvironment="A=two words"\nExecStart=/bin/sh -c "echo $$A >> /tmp/runs; sleep 0.05; exit 1"\nRestart=on-failure\nRestartSec=100ms\n' \
                > /etc/systemd/system/again.service
            sudo systemctl start again; while [ $(wc -l < /tmp/runs) -lt 3 ]; do sleep 0.05; done
            sudo systemctl stop again.service; systemctl is-active again; head -1 /tmp/runs
            sudo systemctl restart ssh && systemctl is-active ssh
            sudo shutdown -h +5 'soon' >/dev/null; grep MODE /run/systemd/shutdown/scheduled; sudo shutdown -c; ls /run/systemd/shutdown
            sudo systemctl start nothing-such; echo $?
            sudo systemd-run --on-active=0 --unit=later /bin/sh -c 'echo later > /tmp/later' >/dev/null; while [ ! -s /tmp/later ]; do sleep 0.05; done; cat /tmp/later
            """;
        var shown = await fixture.OnAsync(machine, commands);
        Assert.Equal("inactive\ntwo words\nactive\nMODE=poweroff\n5\nlater\n", shown.Succeeded());
        Assert.Contains("Unit nothing-such.service could not be found.", shown.Error, StringComparison.Ordinal);
        await fixture.OnAsync(machine, "sudo shutdown -h now");
        await machine.Stopped.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_halted_machine_is_not_off()
    {
        var machine = await fixture.BootAsync(fixture.CloudConfig(""));
        await fixture.OnAsync(machine, "sudo halt");
        await Programs.UntilAsync(
            () => Task.FromResult(machine.ConsoleOutput.Contains("System halted", StringComparison.Ordinal)), () => machine.ConsoleOutput);
        Assert.NotEqual(0, (await fixture.OnAsync(machine, "true")).Status);
        Assert.False(machine.Stopped.IsCompleted);
        await machine.TerminateAsync();
        Assert.True(machine.Stopped.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task The_power_button_shuts_the_system_down_and_ends_a_halted_machine_too()
    {
        var machine = await fixture.BootAsync(
            "#!/bin/sh\n(trap 'sleep 0.5; echo told to end; exit' TERM; while :; do sleep 0.1; done) &\necho it runs\n");
        await Programs.UntilAsync(
            () => Task.FromResult(machine.ConsoleOutput.Contains("it runs", StringComparison.Ordinal)), () => machine.ConsoleOutput);
        var halted = await fixture.BootAsync(fixture.CloudConfig(""));
        await fixture.OnAsync(halted, "sudo halt");
        foreach (var ended in new[] { machine, halted })
        {
            ended.ShutDown();
            ended.ShutDown();
            await ended.Stopped.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        }

        Assert.Matches("told to end(.|\n)*reboot: Power down", machine.ConsoleOutput);
        Assert.DoesNotContain("Power down", halted.ConsoleOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machines_Python_trains_and_plots()
    {
        var machine = await fixture.BootAsync(fixture.CloudConfig(""));
        const string script = """
            import matplotlib; matplotlib.use("Agg")
            import matplotlib.pyplot as plt, pandas, os
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import cross_val_score
            from sklearn.ensemble import RandomForestClassifier
            x, y = load_breast_cancer(return_X_y=True)
            score = cross_val_score(RandomForestClassifier(20, random_state=0), x, y, n_jobs=2).mean()
            plt.plot([0, score]); plt.savefig("a.png"); print(score > 0.9, os.path.getsize("a.png") > 1000)
            """;
        Assert.Equal("True True\n", (await fixture.OnAsync(machine, "python3 -", script)).Succeeded());
        await machine.TerminateAsync();
    }

    [Fact]
    public async Task A_canceled_start_leaves_no_machine()
    {
        using var canceled = new CancellationTokenSource();
        await canceled.CancelAsync();
        var spec = new MachineSpec("i-00000000000000fff", "", [], "ubuntu", new Dictionary<string, string>(StringComparer.Ordinal));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fixture.Vpc.StartAsync(spec, canceled.Token));
        Assert.DoesNotContain(Programs.With("i-00000000000000fff"), line => line.Contains(fixture.Folder, StringComparison.Ordinal));
    }
}
