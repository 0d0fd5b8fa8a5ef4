"""The rehearsal's network and the parent of its machines; PID 1 of a user, network, mount and PID namespace.

Reads one JSON object per line from stdin and writes events the same way to stdout. When stdin closes, the process that owns
the rehearsal has ended, for whatever reason. Then this kills everything in the namespaces and removes the directory.
"""
import asyncio
import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from children import POWER_BUTTON, Children  # noqa: E402

ROUTER = "10.77.0.1"
METADATA = "169.254.169.254"

# EC2 gives a system minutes.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ec2-instance-termination-works.html
SHUTDOWN_SECONDS = 15

# What programs need from the system's /etc, without anything about its users.
ETC_DIRECTORIES = ["alternatives", "fonts", "ld.so.conf.d", "python3", "python3.10", "python3.11", "python3.12", "python3.13",
                   "jupyter", "ipython", "ssl/certs", "terminfo", "skel", "OpenCL", "ImageMagick-6", "gss"]
ETC_FILES = ["ld.so.cache", "ld.so.conf", "mime.types", "matplotlibrc", "services", "protocols", "rpc", "netconfig", "bash.bashrc", "inputrc",
             "debian_version", "os-release", "lsb-release", "issue", "magic", "magic.mime", "ssl/openssl.cnf", "locale.alias",
             "ethertypes", "host.conf", "login.defs", "shells", "gai.conf", "xattr.conf", "mailcap", "papersize"]

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SHIMS = {
    "sbin": {"control.py": ["shutdown", "poweroff", "halt", "reboot"], "sysctl.sh": ["sysctl"]},
    "bin": {"control.py": ["systemctl", "systemd-run"], "sudo.sh": ["sudo"], "wall.sh": ["wall"], "cloud-init.sh": ["cloud-init"],
            "chown.sh": ["chown", "chgrp"], "inhibit.py": ["systemd-inhibit"]},
}

SSHD_CONFIG = f"""Port 22
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
PrintMotd no
UseDNS no
MaxSessions 100
MaxStartups 100:30:200
MaxAuthTries 20
AcceptEnv LANG LC_*
SetEnv PATH={PATH}
PidFile /run/sshd.pid
Subsystem sftp internal-sftp
Include /etc/ssh/sshd_config.d/*.conf
"""

SSH_UNIT = """[Unit]
Description=OpenBSD Secure Shell server
[Service]
Type=notify
ExecStart=/usr/sbin/sshd -D -E /var/log/auth.log
ExecReload=/bin/kill -HUP $MAINPID
KillMode=process
Restart=on-failure
RestartSec=1
[Install]
WantedBy=multi-user.target
Alias=sshd.service
"""

SSH_SOCKET_UNIT = """[Unit]
Description=OpenBSD Secure Shell server socket
[Socket]
ListenStream=22
Accept=yes
[Install]
WantedBy=sockets.target
"""

SSH_CONNECTION_UNIT = """[Unit]
Description=OpenBSD Secure Shell server per-connection daemon
[Service]
ExecStart=-/usr/sbin/sshd -i -E /var/log/auth.log
StandardInput=socket
"""

PROFILE = f"""PATH={PATH}
export PATH
if [ -d /etc/profile.d ]; then for i in /etc/profile.d/*.sh; do [ -r "$i" ] && . "$i"; done; unset i; fi
if [ -n "${{BASH-}}" ] && [ "${{PS1-}}" ]; then PS1='\\u@\\h:\\w\\$ '; [ -f ~/.bashrc ] && . ~/.bashrc; fi
:
"""


def run(*argv, text=None):
    done = subprocess.run(argv, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(argv)}: {done.stdout.strip()}")


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def tell(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class Machine:
    def __init__(self, vpc, order):
        self.vpc = vpc
        self.number = order["number"]
        self.id = order["id"]
        self.user = order["user"]
        self.plan = order["plan"]
        self.user_data = order["userData"]
        self.recent = order["recent"]
        self.address = f"10.77.0.{self.number}"
        self.host_name = f"ip-10-77-0-{self.number}"
        self.directory = os.path.join(vpc.directory, f"m{self.number}")
        self.network = os.path.join(self.directory, "net")
        self.asset_tag = os.path.join(self.directory, "board_asset_tag")
        self.relays = []
        self.sandbox = None
        self.ended = False

    def prepare(self):
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        self.lay_out_disk()
        open(self.network, "w").close()
        run("unshare", f"--net={self.network}", "ip", "link", "set", "lo", "up")
        veth = f"m{self.number}"
        run("ip", "-batch", "-", text=f"link add {veth} type veth peer name eth0 netns {self.network}\nlink set {veth} master br0 up\n")
        run("nsenter", f"--net={self.network}", "sh", "-ec",
            f"ip addr add {METADATA}/32 dev lo; ip addr add {self.address}/24 dev eth0; ip link set eth0 up; "
            "echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start; echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range || :")
        self.relays = [
            self.vpc.relay(f"TCP-LISTEN:80,bind={METADATA},fork,reuseaddr,backlog=64", f"UNIX-CONNECT:{self.directory}/metadata.sock",
                           "nsenter", f"--net={self.network}"),
            self.vpc.relay(f"UNIX-LISTEN:{self.directory}/ssh.sock,fork,backlog=64", f"TCP:{self.address}:22"),
            self.vpc.relay(f"UNIX-LISTEN:{self.directory}/door.sock,fork,backlog=64", f"EXEC:sh {self.vpc.scripts}/door.sh {self.address},nofork"),
        ]

    def lay_out_disk(self):
        disk, user, etc = self.disk, self.user, self.disk("etc")
        for name in ("etc/ssh/sshd_config.d", "etc/systemd/system", "etc/cloud/cloud.cfg.d", "etc/profile.d", "etc/sysctl.d", "etc/cron.d", f"home/{user}/.ssh", "root",
                     "opt", "srv", "mnt", "media", "usr/local/lib/rehearsal", "usr/local/lib/systemd/system", "usr/local/share",
                     "var/lib/systemd/timers", f"var/lib/cloud/instances/{self.id}/scripts", f"var/lib/cloud/instances/{self.id}/sem", "var/lib/cloud/scripts",
                     "var/log", "var/cache", "var/spool", "var/tmp", "tmp"):
            os.makedirs(disk(name), exist_ok=True)
        for name in ("tmp", "var/tmp"):
            os.chmod(disk(name), 0o1777)
        os.chmod(disk(f"home/{user}/.ssh"), 0o700)
        for link, target in (("var/run", "/run"), ("var/lock", "/run/lock"), ("var/lib/cloud/instance", f"/var/lib/cloud/instances/{self.id}")):
            os.symlink(target, disk(link))
        for name in ETC_FILES:
            source = os.path.join("/etc", name)
            if os.path.lexists(source):
                os.makedirs(os.path.dirname(os.path.join(etc, name)), exist_ok=True)
                shutil.copy2(source, os.path.join(etc, name), follow_symlinks=os.path.realpath(source).startswith("/etc/"))
        for home in (f"home/{user}", "root"):
            if os.path.isdir("/etc/skel"):
                shutil.copytree("/etc/skel", disk(home), dirs_exist_ok=True, symlinks=True)
            os.chmod(disk(home), 0o700)
        write(f"{etc}/passwd", f"root:x:0:0:root:/root:/bin/bash\n{user}:x:1000:1000:{user}:/home/{user}:/bin/bash\n"
                               "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n")
        # No group tty: sshd would assign each terminal to it, which an ordinary user is not allowed to do.
        write(f"{etc}/group", f"root:x:0:\nsudo:x:27:{user}\n{user}:x:1000:\nnogroup:x:65534:\n")
        write(f"{etc}/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\nprotocols: files\n")
        # A VPC's name server knows the name of each address.
        write(f"{etc}/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost\n" + "".join(
            f"10.77.0.{number} ip-10-77-0-{number}.ec2.internal ip-10-77-0-{number}\n" for number in range(4, 255)))
        write(f"{etc}/hostname", f"{self.host_name}\n")
        write(f"{etc}/resolv.conf", "")
        write(f"{etc}/machine-id", os.urandom(16).hex() + "\n")
        write(f"{etc}/environment", f'PATH="{PATH}"\n')
        write(f"{etc}/timezone", "Etc/UTC\n")
        os.symlink("/usr/share/zoneinfo/Etc/UTC", f"{etc}/localtime")
        write(f"{etc}/profile", PROFILE)
        write(f"{etc}/ssh/sshd_config", SSHD_CONFIG)
        for name, text in (("ssh.service", SSH_UNIT), ("ssh.socket", SSH_SOCKET_UNIT), ("ssh@.service", SSH_CONNECTION_UNIT)):
            write(disk(f"usr/local/lib/systemd/system/{name}"), text)
        target, name = ("sockets", "ssh.socket") if self.recent else ("multi-user", "ssh.service")
        os.makedirs(f"{etc}/systemd/system/{target}.target.wants")
        os.symlink(f"/usr/local/lib/systemd/system/{name}", f"{etc}/systemd/system/{target}.target.wants/{name}")
        for folder, files in SHIMS.items():
            os.makedirs(disk(f"usr/local/{folder}"))
            for file, names in files.items():
                for name in names:
                    os.symlink(f"../lib/rehearsal/{file}", disk(f"usr/local/{folder}/{name}"))
        instance = disk(f"var/lib/cloud/instances/{self.id}")
        write(f"{instance}/user-data.txt", self.user_data, 0o600)
        write(f"{instance}/plan.json", json.dumps(self.plan), 0o600)
        # Nitro's hardware names the instance.
        write(self.asset_tag, f"{self.id}\n")

    def disk(self, name):
        return os.path.join(self.directory, "disk", name)

    def command(self):
        argv = ["nsenter", f"--net={self.network}", "bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000",
                "--unshare-pid", "--as-pid-1", "--unshare-uts", "--hostname", self.host_name, "--unshare-ipc", "--die-with-parent",
                "--clearenv", "--setenv", "PATH", PATH, "--setenv", "LANG", "C.UTF-8", "--setenv", "INSTANCE_ID", self.id,
                "--setenv", "REHEARSAL_USER", self.user, "--setenv", "REHEARSAL_RECENT", "1" if self.recent else "",
                "--ro-bind", "/usr", "/usr"]
        for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            if os.path.islink(f"/{name}"):
                argv += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
            elif os.path.isdir(f"/{name}"):
                argv += ["--ro-bind", f"/{name}", f"/{name}"]
        argv += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run", "--ro-bind-try", "/sys/devices/system", "/sys/devices/system",
                 "--ro-bind", self.asset_tag, "/sys/devices/virtual/dmi/id/board_asset_tag"]
        for name in ("etc", "home", "root", "var", "tmp", "opt", "srv", "mnt", "media", "usr/local"):
            argv += ["--bind", self.disk(name), f"/{name}"]
        # The stand-in for conda learns there which packages belong together. The machine's own dpkg has nothing.
        argv += ["--ro-bind", self.vpc.scripts, "/usr/local/lib/rehearsal", "--ro-bind-try", "/var/lib/dpkg", "/run/rehearsal/dpkg"]
        for name in ETC_DIRECTORIES:
            if os.path.isdir(f"/etc/{name}"):
                argv += ["--ro-bind", f"/etc/{name}", f"/etc/{name}"]
        return argv + ["--chdir", "/", "--", "/usr/bin/python3", "-I", "/usr/local/lib/rehearsal/init.py"]

    async def run(self):
        """Runs the sandbox until it is off. If init's exit status is 3, starts it again with the same disk."""
        try:
            self.prepare()
            while not self.ended:
                output, console = os.pipe()
                try:
                    self.sandbox, exit_ = self.vpc.children.spawn(self.command(), output=console)
                finally:
                    os.close(console)
                reading = asyncio.create_task(self.read_console(output))
                status = await exit_
                self.sandbox = None
                await reading
                if status != 3:
                    break
        except OSError as error:
            tell(event="console", number=self.number, data=base64.b64encode(f"rehearsal: {error}\n".encode()).decode())
        finally:
            self.remove()
            tell(event="stopped", number=self.number)

    async def read_console(self, descriptor):
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb"))
        while data := await reader.read(16384):
            tell(event="console", number=self.number, data=base64.b64encode(data).decode())
        transport.close()

    async def shut_down(self):
        """Presses the power button, as EC2 does. A machine that is still on after a while is killed."""
        self.ended = True
        late = time.monotonic() + SHUTDOWN_SECONDS
        while self.sandbox is not None and time.monotonic() < late:
            # Its init has no handler yet while it starts.
            for pid in children_of(self.sandbox):
                try:
                    os.kill(pid, POWER_BUTTON)
                except ProcessLookupError:
                    pass
            await asyncio.sleep(0.1)
        self.end()

    def end(self):
        self.ended = True
        if self.sandbox is not None:
            # The whole group: bwrap's child asks to die with bwrap only after it starts, so one that has just started would survive.
            try:
                os.killpg(self.sandbox, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def remove(self):
        for pid in self.relays:
            self.vpc.end_relay(pid)
        subprocess.run(["ip", "link", "del", f"m{self.number}"], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["umount", self.network], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.directory, ignore_errors=True)
        self.vpc.machines.pop(self.number, None)


class Vpc:
    def __init__(self, directory, scripts):
        self.directory, self.scripts = directory, scripts
        self.children = Children()
        self.machines = {}
        self.tasks = set()

    def relay(self, listen, connect, *prefix):
        # spawn starts a new session, so this PID is also the process group of the children that socat forks, one per connection.
        pid, _ = self.children.spawn([*prefix, "socat", "-t", "30", listen, connect])
        return pid

    @staticmethod
    def end_relay(pid):
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def open(self):
        run("ip", "-batch", "-", text=f"link set lo up\nlink add br0 type bridge\naddr add {ROUTER}/24 dev br0\nlink set br0 up\n")
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w", encoding="ascii") as file:
            file.write("0")
        for port, name in ((80, "mirror"), (8080, "endpoint")):
            self.relay(f"TCP-LISTEN:{port},bind={ROUTER},fork,reuseaddr,backlog=64", f"UNIX-CONNECT:{self.directory}/{name}.sock")

    def carry_out(self, order):
        if order["do"] == "start":
            machine = self.machines[order["number"]] = Machine(self, order)
            self.begin(machine.run())
        elif machine := self.machines.get(order["number"]):
            if order["do"] == "shut down":
                self.begin(machine.shut_down())
            else:
                machine.end()

    def begin(self, work):
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def serve(self):
        reader = asyncio.StreamReader(limit=16 << 20)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        tell(event="ready")
        while line := await reader.readline():
            self.carry_out(json.loads(line))


def leave_nothing(directory):
    """Kills everything in this PID namespace and removes the directory. Nothing may stop this, least of all a closed stdout."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    subprocess.run(["umount", "-a", "-t", "nsfs"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    shutil.rmtree(directory, ignore_errors=True)


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    directory = sys.argv[1]

    async def live():
        vpc = Vpc(directory, os.path.join(directory, "scripts"))
        vpc.open()
        await vpc.serve()

    try:
        asyncio.run(live())
    finally:
        leave_nothing(directory)


main()
