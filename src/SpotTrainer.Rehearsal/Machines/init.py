"""PID 1 of a rehearsal machine: boots it as cloud-init would, runs its units, and shuts it down.

Exit status 0 means "off"; 3 means "start again with the same disk". A halt ends every process except this one. As on EC2, a halted
machine keeps running, and is billed, until it is terminated from outside.
"""
import asyncio
import base64
import glob
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from children import POWER_BUTTON, Children  # noqa: E402
from units import Service, Socket, Timer, UnitError, Units, stamp  # noqa: E402

OFF, AGAIN = 0, 3
INSTANCE = "/var/lib/cloud/instance"
SCHEDULED = "/run/systemd/shutdown/scheduled"


def console(line):
    os.write(1, (line + "\n").encode())


class Boot:
    """Applies the user data in cloud-init's order."""

    def __init__(self, children, units):
        self.children, self.units = children, units
        with open(f"{INSTANCE}/plan.json", encoding="utf-8") as file:
            self.plan = json.load(file)
        self.user = os.environ["REHEARSAL_USER"]
        self.recent = bool(os.environ["REHEARSAL_RECENT"])
        self.first = not os.path.exists(f"{INSTANCE}/sem/config_scripts_user")

    def failed(self, what, error):
        console(f"cloud-init[1]: {what} failed: {error}")
        os.makedirs("/run/cloud-init", exist_ok=True)
        with open("/run/cloud-init/errors", "a", encoding="utf-8") as file:
            file.write(f"{what}: {error}\n")

    async def run(self):
        release = os.uname().release
        console(f"[    0.000000] Linux version {release} (a rehearsal machine, {os.environ['INSTANCE_ID']})")
        open("/run/booting", "w", encoding="ascii").close()
        for name in ("/run/lock", "/run/cloud-init", "/run/systemd/system", "/run/systemd/transient", "/run/user/1000", "/run/sshd"):
            os.makedirs(name, exist_ok=True)
        if not self.recent:
            open("/run/utmp", "w", encoding="ascii").close()
        await self.start_units(".timer", wait=False)
        await self.start_units(".socket", wait=False)
        console(f"Cloud-init running 'init' at {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}.")
        for message in self.plan["messages"]:
            console(f"cloud-init[1]: {message}")
        if self.plan["bootcmd"]:
            await self.script("bootcmd", "/run/cloud-init/bootcmd", self.plan["bootcmd"])
        if self.first:
            self.write_files()
            await self.ssh_keys()
        await self.start_units(".service", wait=True)
        if self.first:
            await self.user_scripts()
            self.show_host_keys()
            open(f"{INSTANCE}/sem/config_scripts_user", "w", encoding="ascii").close()
        up = time.monotonic() - self.units.booted
        finished = f"Cloud-init finished at {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}. Up {up:.2f} seconds"
        with open(f"{INSTANCE}/boot-finished", "w", encoding="utf-8") as file:
            file.write(finished + "\n")
        os.unlink("/run/booting")
        console(finished)

    async def start_units(self, ending, wait):
        for name in self.units.enabled(ending):
            try:
                unit = self.units.unit(name)
                # Wait only for a service that reports when it is ready, as sshd does.
                await unit.start(wait and unit.value("Service", "Type") == "notify")
            except (UnitError, OSError) as error:
                console(f"systemd[1]: {name}: {error}")

    async def script(self, what, path, text):
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, 0o700)
        try:
            _, exit_ = self.children.spawn([path], env=dict(os.environ, HOME="/root", USER="root", LOGNAME="root"), output=1)
            status = await exit_
        except OSError as error:
            # The script's interpreter does not exist.
            self.failed(what, error)
            return
        if status != 0:
            self.failed(what, f"exit status {status}")

    def write_files(self):
        for entry in self.plan["write_files"]:
            path = entry["path"]
            try:
                os.makedirs(os.path.dirname(path) or "/", exist_ok=True)
                with open(path, "ab" if entry["append"] else "wb") as file:
                    os.fchmod(file.fileno(), int(entry["permissions"], 8))
                    file.write(base64.b64decode(entry["content"]))
            except (OSError, ValueError) as error:
                self.failed(f"write_files {path}", error)

    async def ssh_keys(self):
        given = self.plan["ssh_keys"]
        for name, text in given.items():
            match = re.fullmatch(r"(rsa|dsa|ecdsa|ed25519)_(private|public|certificate)", name)
            if not match:
                self.failed("ssh_keys", f"unknown key type {name}")
                continue
            kind, half = match.groups()
            path = f"/etc/ssh/ssh_host_{kind}_key" + {"private": "", "public": ".pub", "certificate": "-cert.pub"}[half]
            with open(path, "w", encoding="ascii") as file:
                os.fchmod(file.fileno(), 0o600 if half == "private" else 0o644)
                file.write(text.rstrip("\n") + "\n")
            if half == "private" and f"{kind}_public" not in given:
                await self.shell(f"ssh-keygen -y -f {path} > {path}.pub")
        if not any(name.endswith("_private") for name in given):
            for kind in ("ed25519", "ecdsa"):
                await self.shell(f"ssh-keygen -q -t {kind} -N '' -C root@{os.uname().nodename} -f /etc/ssh/ssh_host_{kind}_key")
        path = f"/home/{self.user}/.ssh/authorized_keys"
        with open(path, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.writelines(key.strip() + "\n" for key in self.plan["authorized_keys"])

    async def shell(self, text):
        _, exit_ = self.children.spawn(["/bin/sh", "-c", text], output=1)
        if (status := await exit_) != 0:
            self.failed(text.split(" ", 1)[0], f"exit status {status}")

    async def user_scripts(self):
        for index, text in enumerate(self.plan["scripts"], 1):
            await self.script(f"user data script {index}", f"{INSTANCE}/scripts/part-{index:03}", base64.b64decode(text))
        if self.plan["runcmd"]:
            await self.script("runcmd", f"{INSTANCE}/scripts/runcmd", self.plan["runcmd"])

    def show_host_keys(self):
        keys = sorted(glob.glob("/etc/ssh/ssh_host_*_key.pub"))
        console("ec2: \nec2: #############################################################")
        console("ec2: -----BEGIN SSH HOST KEY FINGERPRINTS-----")
        for key in keys:
            shown = subprocess.run(["ssh-keygen", "-l", "-f", key], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
            console(f"ec2: {shown}")
        console("ec2: -----END SSH HOST KEY FINGERPRINTS-----")
        console("ec2: #############################################################\n-----BEGIN SSH HOST KEY KEYS-----")
        for key in keys:
            with open(key, encoding="ascii") as file:
                console(file.read().strip())
        console("-----END SSH HOST KEY KEYS-----")


class Init:
    def __init__(self):
        self.children = Children()
        self.units = Units(self.children, console)
        self.ended = asyncio.get_running_loop().create_future()
        self.going_down = None
        self.scheduled = None
        self.locks = []

    async def run(self):
        asyncio.get_running_loop().add_signal_handler(POWER_BUTTON, self.power, "poweroff", False)
        await asyncio.start_unix_server(self.answer, "/run/init.sock")
        booting = asyncio.create_task(self.boot())
        status = await self.ended
        booting.cancel()
        return status

    async def boot(self):
        try:
            await Boot(self.children, self.units).run()
        except Exception:  # A machine that fails to boot stays reachable, with the reason on its console.
            console(traceback.format_exc())

    # --- Shutting down ---
    def power(self, verb, force):
        if force:
            self.finish(verb)
        elif self.going_down is None:
            self.going_down = asyncio.create_task(self.go_down(verb))

    def require_unlocked(self, verb, options):
        """From systemd 257 on, a lock that blocks the shutdown holds for root, too."""
        lock = next((lock for lock in self.locks if lock["mode"] == "block" and "shutdown" in lock["what"].split(":")), None)
        if os.environ["REHEARSAL_RECENT"] and lock and not {"-i", "--check-inhibitors=no", "-f", "--force", "-ff"} & set(options):
            raise UnitError(
                f"Operation inhibited by \"{lock['who']}\", reason is \"{lock['why']}\".\n"
                f"Please retry operation after closing inhibitors and logging out other users.\n"
                f"Alternatively, ignore inhibitors and users with 'systemctl {verb} -i'.")

    async def go_down(self, verb):
        console(f"systemd-shutdown[1]: {verb}: sending SIGTERM to all processes.")
        for unit in self.units.known():
            if isinstance(unit, (Timer, Socket)):
                await unit.stop()
            else:
                unit.stopping = True
        # Let the answer get to the caller before its process gets SIGTERM.
        await asyncio.sleep(0)
        self.everyone(signal.SIGTERM)
        late = time.monotonic() + 2
        while self.others() and time.monotonic() < late:
            await asyncio.sleep(0.05)
        self.finish(verb)

    def finish(self, verb):
        console({"poweroff": "reboot: Power down", "reboot": "reboot: Restarting system", "halt": "reboot: System halted"}[verb])
        self.everyone(signal.SIGKILL)
        if verb != "halt" and not self.ended.done():
            self.ended.set_result(AGAIN if verb == "reboot" else OFF)

    @staticmethod
    def others():
        return [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]

    @staticmethod
    def everyone(number):
        try:
            os.kill(-1, number)
        except ProcessLookupError:
            pass

    async def shut_down_at(self, moment, verb):
        while (left := moment - time.time()) > 0:
            await asyncio.sleep(min(left, 1))
        self.power(verb, force=False)

    # --- Requests from systemctl and related commands ---
    async def answer(self, reader, writer):
        out, status, error = [], 0, ""
        try:
            name, *arguments = json.loads(await reader.readline())
            if name == "inhibit":
                await self.hold(arguments[0], reader, writer)
                return
            handler = {"systemctl": self.systemctl, "shutdown": self.shutdown, "systemd-run": self.systemd_run}.get(name)
            if name == "inhibitors":
                writer.write(json.dumps(self.locks).encode() + b"\n")
                writer.close()
                return
            if handler:
                status = await handler(arguments, out) or 0
            else:
                self.require_unlocked(name, arguments)
                self.power("poweroff" if name == "halt" and {"-p", "--poweroff"} & set(arguments) else name,
                           bool({"-f", "--force", "-ff"} & set(arguments)))
        except UnitError as problem:
            status, error = problem.status, f"{problem}\n"
        except Exception as problem:  # The caller must get every error, and init must survive it.
            status, error = 1, f"{type(problem).__name__}: {problem}\n"
        output = "".join(f"{line}\n" for line in out)
        writer.write(json.dumps({"output": output, "error": error, "status": status}).encode())
        try:
            await writer.drain()
            writer.close()
        except OSError:
            pass

    async def hold(self, lock, reader, writer):
        """Holds a lock until the connection ends."""
        self.locks.append(lock)
        writer.write(b"\n")
        await reader.read()
        self.locks.remove(lock)
        writer.close()

    async def systemctl(self, arguments, out):
        names, options, wanted = [], set(), []
        arguments = list(arguments)
        while arguments:
            word = arguments.pop(0)
            if word in ("-p", "-P", "--property"):
                wanted += (arguments.pop(0) if arguments else "").split(",")
                options |= {"--value"} if word == "-P" else set()
            elif word.startswith(("-p", "--property=")) and word != "-p":
                wanted += word.removeprefix("--property=").removeprefix("-p").split(",")
            elif word in ("-n", "-o", "-t", "-s", "--signal", "--type"):
                arguments = arguments[1:]
            elif word.startswith("-"):
                options.add(word)
            else:
                names.append(word)
        verb, names = (names or ["list-units"])[0], names[1:]
        quiet, units = {"-q", "--quiet"} & options, self.units
        if verb == "start" and names in (["poweroff.target"], ["reboot.target"], ["halt.target"]):
            # Only logind knows locks.
            self.power(names[0].removesuffix(".target"), force=False)
        elif verb in ("poweroff", "reboot", "halt"):
            self.require_unlocked(verb, options)
            self.power(verb, bool({"-f", "--force", "-ff"} & options))
        elif verb in ("daemon-reload", "daemon-reexec"):
            units.reload()
        elif verb in ("start", "restart", "stop", "reload", "try-restart", "reload-or-restart", "enable", "disable"):
            for name in names:
                await self.change(verb, units.unit(name), options, out)
        elif verb in ("is-active", "is-enabled", "is-failed"):
            return self.ask(verb, names, quiet, out)
        elif verb == "show":
            for name in names:
                try:
                    values = units.unit(name).properties()
                except UnitError:
                    values = {"Id": name, "LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead", "UnitFileState": ""}
                for key in wanted or values:
                    if key in values:
                        out.append(values[key] if "--value" in options else f"{key}={values[key]}")
        elif verb == "list-timers":
            timers = [unit for unit in units.known() if isinstance(unit, Timer) and (unit.state == "active" or "--all" in options)]
            out.append(f"{'NEXT':<28}{'LAST':<28}{'UNIT':<32}ACTIVATES")
            out += [f"{stamp(timer.next) or '-':<28}{stamp(timer.last) or '-':<28}{timer.name:<32}{timer.unit}" for timer in timers]
            out.append(f"\n{len(timers)} timers listed.")
        elif verb in ("list-units", "list-unit-files"):
            out += [f"{unit.name:<40} loaded {unit.state} {unit.sub_state} {unit.enabled()}" for unit in units.known()]
        elif verb == "status":
            for name in names:
                unit = units.unit(name)
                out += [f"● {unit.name} - {unit.value('Unit', 'Description', unit.name)}",
                        f"     Loaded: loaded ({unit.path}; {unit.enabled()})", f"     Active: {unit.state} ({unit.sub_state})"]
                if unit.state != "active":
                    return 3
        elif verb == "cat":
            for name in names:
                path = units.unit(name).path
                with open(path, encoding="utf-8") as file:
                    out += [f"# {path}", file.read().rstrip("\n")]
        elif verb == "reset-failed":
            for unit in units.known():
                if unit.state == "failed":
                    unit.set("inactive", "dead")
        elif verb == "kill":
            for name in names:
                unit = units.unit(name)
                if isinstance(unit, Service) and unit.pid:
                    os.killpg(unit.pid, signal.SIGTERM)
        elif verb == "is-system-running":
            while "--wait" in options and os.path.exists("/run/booting"):
                await asyncio.sleep(0.05)
            out.append("starting" if os.path.exists("/run/booting") else "running")
            return 1 if out[-1] == "starting" else 0
        else:
            raise UnitError(f"Unknown command verb {verb} (the rehearsal's systemctl supports only the common ones).")
        return 0

    async def change(self, verb, unit, options, out):
        wait = "--no-block" not in options
        if verb in ("enable", "disable"):
            out += self.units.enable(unit.name, verb == "enable")
            if "--now" in options:
                await (unit.start(wait) if verb == "enable" else unit.stop())
        elif verb == "start":
            await unit.start(wait)
        elif verb == "reload" or (verb == "reload-or-restart" and unit.state == "active" and unit.values("Service", "ExecReload")):
            await unit.reload()
        elif verb == "stop":
            await unit.stop()
        elif verb != "try-restart" or unit.state == "active":
            await unit.stop()
            await unit.start(wait)

    def ask(self, verb, names, quiet, out):
        status = 0 if verb == "is-enabled" else 3
        for name in names:
            try:
                unit = self.units.unit(name)
                if verb == "is-enabled":
                    answer = unit.enabled()
                    status = 1 if answer == "disabled" else status
                else:
                    answer = unit.state
                    good = answer == ("active" if verb == "is-active" else "failed")
                    status = 0 if good else (status if verb == "is-active" else 1)
            except UnitError:
                answer = "not-found" if verb == "is-enabled" else "inactive"
                status = 4 if verb == "is-enabled" else status
            if not quiet:
                out.append(answer)
        return status

    async def shutdown(self, arguments, out):
        verb, when, message = "poweroff", None, []
        for word in arguments:
            if word in ("-c",):
                verb = "cancel"
            elif word in ("-r", "--reboot"):
                verb = "reboot"
            elif word in ("-H", "--halt"):
                verb = "halt"
            elif word in ("-h", "-P", "--poweroff", "--no-wall", "-f"):
                pass
            elif word.startswith("-") and not word[1:].isdigit():
                raise UnitError(f"shutdown: unrecognized option '{word}'")
            elif when is None:
                when = word
            else:
                message.append(word)
        if self.scheduled:
            self.scheduled.cancel()
            self.scheduled = None
            if os.path.exists(SCHEDULED):
                os.unlink(SCHEDULED)
        if verb == "cancel":
            return
        moment = self.moment(when or "+1")
        if moment <= time.time():
            self.require_unlocked(verb, arguments)
            self.power(verb, force=False)
            return
        os.makedirs(os.path.dirname(SCHEDULED), exist_ok=True)
        with open(SCHEDULED, "w", encoding="utf-8") as file:
            file.write(f"USEC={int(moment * 1e6)}\nWARN_WALL=1\nMODE={verb}\n")
        text = " ".join([*message, f"The system will {'power off' if verb == 'poweroff' else verb} at {stamp(moment)}!"])
        if "--no-wall" not in arguments:
            self.children.spawn(["/usr/local/bin/wall", text])
        self.scheduled = asyncio.create_task(self.shut_down_at(moment, verb))
        out.append(f"Shutdown scheduled for {stamp(moment)}, use 'shutdown -c' to cancel.")

    @staticmethod
    def moment(text):
        if text == "now":
            return 0
        if re.fullmatch(r"\+?\d+", text):
            minutes = int(text)
            return time.time() + 60 * minutes if minutes else 0
        if re.fullmatch(r"\d{1,2}:\d{2}", text):
            hour, minute = map(int, text.split(":"))
            now = time.time()
            moment = now - now % 86400 + hour * 3600 + minute * 60
            return moment if moment > now else moment + 86400
        raise UnitError(f"shutdown: failed to parse time specification: {text}")

    async def systemd_run(self, arguments, out):
        name, timer, service, quiet = f"run-r{os.urandom(8).hex()}", [], [], False
        arguments = list(arguments)
        while arguments and arguments[0].startswith("-"):
            word = arguments.pop(0)
            if word == "--":
                break
            key, _, value = word.partition("=")
            if key in ("--unit", "-u", "-p", "--property", "--on-active", "--on-boot", "--on-calendar", "--setenv", "-E", "--description",
                       "--working-directory") and not value:
                value = arguments.pop(0)
            if key in ("--unit", "-u"):
                name = value.removesuffix(".service").removesuffix(".timer")
            elif key in ("--on-active", "--on-boot", "--on-calendar"):
                timer.append({"--on-active": "OnActiveSec", "--on-boot": "OnBootSec", "--on-calendar": "OnCalendar"}[key] + f"={value}")
            elif key in ("-p", "--property"):
                service.append(value)
            elif key in ("--setenv", "-E"):
                service.append(f"Environment={shlex.quote(value)}")
            elif key == "--working-directory":
                service.append(f"WorkingDirectory={value}")
            elif key in ("--quiet", "-q"):
                quiet = True
            elif key not in ("--collect", "-G", "--no-block", "--description", "--no-ask-password", "--remain-after-exit"):
                raise UnitError(f"systemd-run: the rehearsal does not support {key}")
        if not arguments:
            raise UnitError("systemd-run: command line to execute required.")
        command = " ".join(shlex.quote(word.replace("%", "%%").replace("$", "$$")) for word in arguments)
        self.transient(f"{name}.service", ["[Service]", f"ExecStart={command}", *service])
        started = f"{name}.service"
        if timer:
            self.transient(f"{name}.timer", ["[Timer]", *timer])
            started = f"{name}.timer"
        await self.units.unit(started).start(wait=False)
        if not quiet:
            out.append(f"Running {'timer' if timer else 'as unit'}: {started}")

    def transient(self, name, lines):
        with open(f"/run/systemd/transient/{name}", "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.units.unit(name).load()


def main():
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o022)

    async def live():
        return await Init().run()

    # No cleanup of tasks and sockets: the kernel ends them with this process.
    os._exit(asyncio.run(live()))


main()
