using System.Diagnostics;
using System.Globalization;
using SpotTrainer.Instances;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Boot;

/// <summary>
/// The deadline and the host keys on whole systems that boot: their own systemd, cloud-init, and sshd. Each test is the life of one machine,
/// because a boot without the processor's support takes a minute.
/// </summary>
/// <param name="system">Debian's name for the system.</param>
/// <param name="sshd">How sshd starts.</param>
[Trait("Speed", "Slow")]
public abstract class BootTests(string system, string sshd) : IAsyncLifetime
{
    /// <summary>A lock that would refuse an orderly end, and a service that tells on the console when it is stopped in order.</summary>
    private const string LockAndWitness = """
        systemd-run -q --unit=lock systemd-inhibit --what=shutdown:sleep:idle:handle-power-key --mode=block --why=test sleep 3600
        systemd-run -q --unit=witness -p 'ExecStop=/bin/sh -c "echo STOPPED IN ORDER > /dev/console"' sleep 3600
        for i in 1 2 3 4 5 6 7 8 9 10; do systemd-inhibit --list --no-legend | grep -q test && exit; sleep 1; done; exit 1
        """;

    private Rehearsal.Machines.Keys keys = null!;

    /// <summary>A key pair of the user.</summary>
    private protected string Key => keys.PrivateFile;

    private protected string Sshd => sshd;

    private protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => keys = await Rehearsal.Machines.Keys.MakeAsync();

    public ValueTask DisposeAsync()
    {
        keys.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private protected static async Task<BootImage> ImageAsync(string system)
    {
        BootImage.SkipUnlessPossible();
        return await BootImage.GetAsync(system);
    }

    private protected Task<BootImage> ImageAsync() => ImageAsync(system);

    /// <summary>Sets the deadline so many seconds from now, runs a script, and waits for the end, which must not come earlier.</summary>
    private protected static async Task EndsAtAsync(BootMachine machine, int seconds, string script, string idle = "")
    {
        var watch = Stopwatch.StartNew();
        (await machine.OnAsync($"set -e\nspottrainer-watchdog arm $(($(date +%s) + {seconds})) {idle}\n{script}")).Succeeded();
        await machine.OffAsync();
        Assert.True(watch.Elapsed >= TimeSpan.FromSeconds(seconds - 1), $"{watch.Elapsed}\n{machine.Console}");
        Assert.Contains("Power down", machine.Console, StringComparison.Ordinal);
    }

    private protected static async Task LockAsync(BootMachine machine) => (await machine.OnAsync(LockAndWitness)).Succeeded();

    private protected static void AssertStoppedInOrder(BootMachine machine) =>
        Assert.Contains("STOPPED IN ORDER", machine.Console, StringComparison.Ordinal);

    /// <summary>Asserts that a deadline is armed, and that the watchdog watches.</summary>
    private protected static async Task AssertArmedAsync(BootMachine machine, long deadline, int idle)
    {
        var status = await machine.StatusAsync();
        Assert.Equal(
            ($"{deadline}", "yes", "active", $"{idle}"),
            (status["deadline"], status["armed"], status["watchdog"], status["idle_timeout"]));
    }

    /// <summary>Asserts that the deadline was armed before anybody could log in.</summary>
    private protected async Task AssertArmedFirstAsync(BootMachine machine)
    {
        await AssertArmedAsync(machine, machine.Deadline, idle: machine.IdleTimeout);

        // Microseconds since the boot. A socket listens from early on, but nobody has a key yet.
        var moments = (await machine.OnAsync($$"""
            systemctl show -P ActiveEnterTimestampMonotonic spottrainer-deadline.timer
            systemctl show -P ActiveEnterTimestampMonotonic {{sshd}}
            journalctl -b -o short-monotonic | sed -n 's/^\[ *\([0-9]*\)\.\([0-9]*\)\].*Accepted publickey.*/\1\2/p' | head -n 1
            cat /proc/sys/kernel/panic
            """)).Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        Assert.True(moments[0] > 0 && moments[0] < moments[2], string.Join(' ', moments));
        Assert.True(sshd == "ssh.socket" || moments[0] < moments[1], string.Join(' ', moments));
        Assert.Equal(10, moments[3]);
    }

    /// <summary>What the module does after a launch, except for the tags. From then on, only the machine's own host key is accepted.</summary>
    private protected static async Task ChangeHostKeyAsync(BootMachine machine)
    {
        var context = new RecordingLog().Context;
        var own = await OwnHostKey.MakeAsync(machine.Host, machine.Host.HostKeys[0], context, Stop);
        Assert.NotEqual(machine.Host.HostKeys[0], own);
        await OwnHostKey.ServeAsync(machine.Host, own, context, Stop);

        // Again, as after a client that was killed.
        var both = machine.Accepting(machine.Host.HostKeys[0], own);
        Assert.Equal(own, await OwnHostKey.MakeAsync(both, machine.Host.HostKeys[0], context, Stop));
        await OwnHostKey.ServeAsync(both, own, context, Stop);

        // OpenSSH's client judges: the first key is refused, and the new one accepted.
        Assert.Equal(255, (await machine.OnAsync("true")).Status);
        var scanned = (await Programs.RunAsync(
            "ssh-keyscan", "-T", "30", "-t", "ed25519", "-p", machine.Host.Port.ToString(CultureInfo.InvariantCulture), "127.0.0.1")).Output;
        machine.Accept(string.Join(' ', scanned.Split('\n').First(line => line.Length > 0 && line[0] != '#').Split(' ')[1..]));

        // A server that remembers who failed how often (OpenSSH 9.8) has shut nobody out.
        Assert.Equal("0\n", (await machine.OnAsync("journalctl -b | grep -c 'drop connection.*penalty'")).Output);
        Assert.Contains(own, (await machine.OnAsync("ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key")).Succeeded(), StringComparison.Ordinal);
    }
}

/// <summary>The life of a machine up to its deadline, and of one from an image of it.</summary>
public abstract class DeadlineBootTests(string system, string sshd) : BootTests(system, sshd)
{
    [Fact]
    public async Task The_deadline_outlives_everything_but_an_image_of_the_machine()
    {
        var image = await ImageAsync();
        await using var machine = await BootMachine.StartAsync(
            image, image.Disk, Sshd, "i-0123456789abcdef0", TimeSpan.FromHours(2), TimeSpan.FromHours(1), Key);
        var boot = await machine.BootedAsync();
        await AssertArmedFirstAsync(machine);
        await ChangeHostKeyAsync(machine);
        await NoticeAsync(machine);

        // A deadline that was moved is kept through a reboot and a panic.
        var moved = machine.Deadline - 1800;
        (await machine.OnAsync($"spottrainer-watchdog arm {moved}; sync")).Succeeded();
        await machine.OnAsync("reboot");
        boot = await machine.BootedAsync(boot);
        await AssertArmedAsync(machine, moved, machine.IdleTimeout);
        await machine.OnAsync("(sleep 1; echo c > /proc/sysrq-trigger) > /dev/null 2>&1 &");
        await machine.BootedAsync(boot);
        await AssertArmedAsync(machine, moved, machine.IdleTimeout);

        // A watchdog that was killed comes back.
        var killed = (await machine.OnAsync(
            "systemctl show -P MainPID spottrainer-watchdog.service | tee /dev/stderr | xargs kill -9")).Error.Trim();
        await machine.UntilAsync(
            async () => (await machine.OnAsync("systemctl show -P MainPID spottrainer-watchdog.service")).Output.Trim() is { } now
                && now != killed && now != "0",
            "the watchdog does not come back");

        // The end, with a lock on it, a clock that is a day behind, and the timer that goes by it.
        await LockAsync(machine);
        await EndsAtAsync(machine, 60, "date -s '-1 day'");
        AssertStoppedInOrder(machine);

        await AnotherFromItAsync(machine, image);
    }

    /// <summary>An interruption as AWS announces it: a job gets its signal, and a person the message.</summary>
    private static async Task NoticeAsync(BootMachine machine)
    {
        using var person = Programs.Start(machine.Ssh("-tt"));
        var screen = person.StandardOutput.ReadToEndAsync();
        const string job = """
            setsid sh -c 'trap "echo saved > /tmp/saved; exit" TERM; while :; do sleep 0.2; done' > /dev/null 2>&1 < /dev/null &
            spottrainer-watchdog register job $! 'a job' always TERM TERM
            for i in $(seq 60); do [ -z "$(find /dev/pts -name '[0-9]*')" ] || exit 0; sleep 1; done; exit 1
            """;
        (await machine.OnAsync(job)).Succeeded();
        const string action = """{"action": "terminate", "time": "2031-05-06T07:10:00Z"}""";
        machine.SetMetadata("meta-data/spot/instance-action", action);
        await machine.UntilAsync(async () => (await machine.OnAsync("cat /tmp/saved")).Output == "saved\n", "the job got no signal");
        await machine.UntilAsync(async () => (await machine.StatusAsync())["interruption"] == action, "the notice was not kept");
        machine.SetMetadata("meta-data/spot/instance-action", null);
        await person.StandardInput.WriteAsync("exit\r");
        await person.WaitForExitAsync(Stop);
        Assert.Contains(
            $"SpotTrainer: AWS takes this machine back within two minutes ({action}). Fetch your results now.", await screen,
            StringComparison.Ordinal);
    }

    /// <summary>
    /// From the disk of a machine whose deadline is over. The metadata service is slow to answer, and nobody uses the machine, whose GPU's
    /// program hangs.
    /// </summary>
    private async Task AnotherFromItAsync(BootMachine machine, BootImage image)
    {
        await using var another = await BootMachine.StartAsync(
            image, machine.Disk, Sshd, "i-0aaaaaaaaaaaaaaaa", TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(2), Key,
            metadataAfter: TimeSpan.FromSeconds(30));
        await another.BootedAsync();
        await AssertArmedFirstAsync(another);
        const string hung = """
            printf '#!/bin/sh\ntrap "" TERM\nwhile :; do sleep 1000; done\n' > /usr/local/bin/nvidia-smi && chmod 755 /usr/local/bin/nvidia-smi
            """;
        (await another.OnAsync(hung)).Succeeded();
        await another.OffAsync();
        Assert.Contains("Power down", another.Console, StringComparison.Ordinal);
    }
}

/// <summary>The life of a machine that is in use, up to its deadline.</summary>
public abstract class UseBootTests(string system, string sshd) : BootTests(system, sshd)
{
    /// <summary>Longer than the idle timeout and two looks at the machine.</summary>
    private static readonly TimeSpan LongerThanIdle = TimeSpan.FromSeconds(150);

    [Fact]
    public async Task A_machine_in_use_stays_until_its_deadline_with_a_full_disk_and_a_driver_that_hangs()
    {
        var image = await ImageAsync();
        await using var machine = await BootMachine.StartAsync(
            image, image.Disk, Sshd, "i-0123456789abcdef0", TimeSpan.FromHours(2), TimeSpan.FromMinutes(1), Key);
        await machine.BootedAsync();
        await AssertArmedFirstAsync(machine);
        await ChangeHostKeyAsync(machine);

        // What asks the GPU is held by the kernel: no signal ends it.
        const string hung = """
            set -e
            truncate -s 16M /var/frozen; mkfs.ext4 -q /var/frozen; mount -o loop /var/frozen /mnt; fsfreeze -f /mnt
            printf '#!/bin/sh\nexec dd if=/dev/zero of=/mnt/file count=1\n' > /usr/local/bin/nvidia-smi; chmod 755 /usr/local/bin/nvidia-smi
            """;
        (await machine.OnAsync(hung)).Succeeded();

        // A job that only computes, and that nobody registered.
        (await machine.OnAsync("setsid sh -c 'while :; do :; done' > /dev/null 2>&1 < /dev/null & echo $! > /run/job")).Succeeded();
        await machine.StaysAsync(LongerThanIdle);

        // A person who presses a key now and then. Each use ends only when the next one is there: a login takes long on a slow computer.
        using var person = Programs.Start(machine.Ssh("-tt"));
        _ = person.StandardOutput.ReadToEndAsync(Stop);
        var typing = TypeAsync(person);
        await machine.UntilAsync(async () => (await machine.OnAsync("ls /dev/pts/0")).Status == 0, "nobody is at a terminal");
        (await machine.OnAsync("kill $(cat /run/job)")).Succeeded();
        await machine.StaysAsync(LongerThanIdle);

        // A kernel that computes a little, less than what keeps any machine busy.
        const string kernel = """
            python3 -c 'while True:
                import time; end = time.process_time() + 0.04
                while time.process_time() < end: pass
                time.sleep(1)' > /dev/null 2>&1 < /dev/null &
            wait
            """;
        (await machine.OnAsync($"""
            cat > /root/server << 'END'
            {kernel}
            END
            setsid sh /root/server > /dev/null 2>&1 < /dev/null & spottrainer-watchdog register jupyter $! Jupyter cpu none none
            """)).Succeeded();
        person.Kill();
        await typing;
        await machine.StaysAsync(LongerThanIdle);

        // Now nobody uses it, so the watchdog asks the GPU. The console shows what hangs.
        await LockAsync(machine);
        await EndsAtAsync(machine, 170, """
            pkill -f process_time
            systemd-run -q sh -c 'while sleep 5; do ps -eo pid,stat,args | grep "[0-9] D.*of=/mnt/[f]ile" > /dev/console; done'
            fallocate -l $(df --output=avail -B1 / | tail -n 1) /filler || :; cat /dev/zero > /filler2 2> /dev/null || :
            """, idle: "0");

        // However often it looked: one process hangs for each watchdog that was started.
        var hanging = machine.Console.Split('\n').Where(line => line.Contains("of=/mnt/file", StringComparison.Ordinal))
            .Select(line => line.Trim()).Distinct(StringComparer.Ordinal).Count();
        Assert.InRange(hanging, 1, 2);
        AssertStoppedInOrder(machine);
    }

    private static async Task TypeAsync(Process person)
    {
        try
        {
            while (true)
            {
                await person.StandardInput.WriteAsync("\r");
                await Task.Delay(TimeSpan.FromSeconds(15), Stop);
            }
        }
        catch (IOException)
        {
            // The person has left.
        }
    }
}

/// <summary>systemd 252, cloud-init 22.4, OpenSSH 9.2.</summary>
public sealed class Debian12DeadlineBootTests() : DeadlineBootTests("bookworm", "ssh.service");

/// <summary>systemd 257, cloud-init 25.1, OpenSSH 10.0.</summary>
public sealed class Debian13DeadlineBootTests() : DeadlineBootTests("trixie", "ssh.socket");

/// <summary>As <see cref="Debian12DeadlineBootTests"/>, with the other way to start sshd.</summary>
public sealed class Debian12UseBootTests() : UseBootTests("bookworm", "ssh.socket");

/// <summary>As <see cref="Debian13DeadlineBootTests"/>, with the other way to start sshd.</summary>
public sealed class Debian13UseBootTests() : UseBootTests("trixie", "ssh.service");
