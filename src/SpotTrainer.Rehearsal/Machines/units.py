"""The parts of systemd that a training machine's scripts use: services, timers, and sockets from unit files with drop-ins."""
import asyncio
import calendar
import glob
import os
import re
import shlex
import signal
import socket
import time

UNIT_PATHS = ["/etc/systemd/system", "/run/systemd/system", "/run/systemd/transient", "/usr/local/lib/systemd/system"]
WANTS = "/etc/systemd/system/{target}.wants"
STAMP = "/var/lib/systemd/timers/stamp-{name}"
SPANS = {"us": 1e-6, "usec": 1e-6, "ms": 1e-3, "msec": 1e-3, "": 1, "s": 1, "sec": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "minute": 60,
         "minutes": 60, "h": 3600, "hr": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400, "days": 86400, "w": 604800,
         "week": 604800, "weeks": 604800}
TIMER_SPANS = ("OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec")


class UnitError(Exception):
    """An error that systemctl prints."""

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status


def seconds(text):
    """Parses systemd's time spans: 90, 5min, 1h 30s."""
    text = text.strip()
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text)
    if not parts or re.sub(r"(\d+(?:\.\d+)?)\s*([a-z]*)\s*", "", text) or any(unit not in SPANS for _, unit in parts):
        raise UnitError(f"Failed to parse the time span: {text}")
    return sum(float(number) * SPANS[unit] for number, unit in parts)


def instant(text):
    """Parses an absolute OnCalendar= in UTC, the machine's time zone."""
    match = re.fullmatch(r"(?:[A-Z][a-z]{2} )?(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(?: ?UTC| ?Z)?", text.strip())
    if not match:
        raise UnitError(f"OnCalendar={text}: the rehearsal supports only absolute times such as 2026-11-24 18:00:00 UTC")
    day, minute, second = match.groups()
    try:
        return calendar.timegm(time.strptime(f"{day} {minute}{second or ':00'}", "%Y-%m-%d %H:%M:%S"))
    except ValueError as error:
        raise UnitError(f"OnCalendar={text}: {error}") from error


def stamp(moment):
    return time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(moment)) if moment else ""


def read_unit(name):
    """Reads a unit file and its drop-ins: a list of (key, value) by section, and the file's path. An empty value clears earlier ones."""
    files = [os.path.join(folder, name) for folder in UNIT_PATHS if os.path.isfile(os.path.join(folder, name))][:1]
    if not files:
        raise UnitError(f"Unit {name} could not be found.", 5)
    drop_ins = {}
    for folder in reversed(UNIT_PATHS):
        drop_ins.update({os.path.basename(file): file for file in glob.glob(os.path.join(folder, f"{name}.d", "*.conf"))})
    sections, section = {}, None
    for file in files + [drop_ins[key] for key in sorted(drop_ins)]:
        with open(file, encoding="utf-8") as lines:
            text = re.sub(r"\\\n", " ", lines.read())
        for line in (line.strip() for line in text.split("\n")):
            if line.startswith("[") and line.endswith("]"):
                section = sections.setdefault(line[1:-1], [])
            elif line and line[0] not in "#;" and "=" in line and section is not None:
                key, value = (part.strip() for part in line.split("=", 1))
                if value == "":
                    section[:] = [entry for entry in section if entry[0] != key]
                else:
                    section.append((key, value))
    return sections, files[0]


class Unit:
    """What services, timers, and sockets have in common."""

    def __init__(self, manager, name):
        self.manager, self.name = manager, name
        self.state, self.sub_state, self.result = "inactive", "dead", "success"
        self.entered = 0.0
        self.load()

    def load(self):
        self.sections, self.path = read_unit(self.name)

    def values(self, section, key):
        return [value for name, value in self.sections.get(section, []) if name == key]

    def value(self, section, key, default=""):
        return (self.values(section, key) or [default])[-1]

    def set(self, state, sub_state):
        if state != self.state:
            self.entered = time.time()
        self.state, self.sub_state = state, sub_state

    def links(self):
        """The links that enabling creates."""
        targets = " ".join(self.values("Install", "WantedBy") + self.values("Install", "RequiredBy")).split()
        aliases = " ".join(self.values("Install", "Alias")).split()
        return [os.path.join(WANTS.format(target=target), self.name) for target in targets] + \
               [os.path.join("/etc/systemd/system", alias) for alias in aliases]

    def enabled(self):
        links = self.links()
        if not links:
            return "static"
        return "enabled" if any(os.path.lexists(link) for link in links) else "disabled"

    def properties(self):
        return {"Id": self.name, "Names": self.name, "Description": self.value("Unit", "Description", self.name), "LoadState": "loaded",
                "ActiveState": self.state, "SubState": self.sub_state, "FragmentPath": self.path, "UnitFileState": self.enabled(),
                "Result": self.result, "ActiveEnterTimestamp": stamp(self.entered) if self.state == "active" else ""}


class Service(Unit):
    def __init__(self, manager, name):
        super().__init__(manager, name)
        self.pid, self.status, self.restarts = 0, 0, 0
        self.running = None
        self.stopping = False

    @property
    def type(self):
        return self.value("Service", "Type", "simple")

    async def start(self, wait):
        if self.running and not self.running.done():
            if self.type == "oneshot" and wait:
                await asyncio.shield(self.running)
            return
        self.restarts, self.stopping = 0, False
        started = asyncio.get_running_loop().create_future()
        self.running = asyncio.create_task(self._run(started))
        if wait:
            await (asyncio.shield(self.running) if self.type == "oneshot" else started)
            if self.state == "failed":
                raise UnitError(f"Job for {self.name} failed. See the console output.")

    async def _run(self, started):
        manager = self.manager
        while True:
            self.set("activating", "start")
            status = await self._once(started)
            self.pid, self.status = 0, status
            failed = status != 0 and not self.stopping
            self.result = "exit-code" if failed and status > 0 else "signal" if failed else "success"
            restart = self.value("Service", "Restart", "no")
            if self.stopping or not (restart == "always" or (restart == "on-failure" and failed)):
                break
            self.set("activating", "auto-restart")
            await asyncio.sleep(seconds(self.value("Service", "RestartSec", "100ms")))
            self.restarts += 1
        if failed:
            manager.console(f"systemd[1]: {self.name}: Failed with result '{self.result}' (status {status}).")
            self.set("failed", "failed")
        elif self.type == "oneshot" and self.value("Service", "RemainAfterExit", "no") in ("yes", "true", "1") and not self.stopping:
            self.set("active", "exited")
        else:
            self.set("inactive", "dead")
        manager.unit_ended(self.name)
        if not started.done():
            started.set_result(None)

    async def _once(self, started):
        for line in self.values("Service", "ExecStartPre"):
            status = await self._command(line)
            if status != 0:
                return status
        status = 0
        lines = self.values("Service", "ExecStart")
        for line in lines:
            if self.type != "oneshot":
                def ready():
                    self.set("active", "running")
                    if not started.done():
                        started.set_result(None)

                stop_listening = self._listen_for_ready(ready) if self.type == "notify" else None
                exit_ = self._spawn(line)
                if stop_listening is None:
                    ready()
                status = self._tolerated(line, await exit_)
                if stop_listening is not None:
                    stop_listening()
            else:
                status = await self._command(line)
                if status != 0:
                    break
        for line in self.values("Service", "ExecStopPost"):
            await self._command(line)
        return status

    def _listen_for_ready(self, ready):
        """Opens the socket at which a Type=notify service reports READY=1. Returns a function that closes it."""
        loop, path = asyncio.get_running_loop(), f"/run/notify-{self.name}"
        if os.path.exists(path):
            os.unlink(path)
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        channel.bind(path)
        loop.add_reader(channel, lambda: ready() if b"READY=1" in channel.recv(4096) else None)

        def close():
            loop.remove_reader(channel)
            channel.close()

        return close

    async def _command(self, line):
        return self._tolerated(line, await self._spawn(line))

    @staticmethod
    def _tolerated(line, status):
        return 0 if line.lstrip("@+!:").startswith("-") else status

    def spawn_with(self, connection):
        """Runs the command with a connection as its standard input and output."""
        self._spawn(self.value("Service", "ExecStart"), connection)

    def _spawn(self, line, connection=None):
        env = dict(os.environ, HOME="/root", USER="root", LOGNAME="root", SHELL="/bin/sh", INVOCATION_ID=os.urandom(16).hex())
        for file in self.values("Service", "EnvironmentFile"):
            try:
                with open(file.lstrip("-"), encoding="utf-8") as lines:
                    for word in (shlex.split(entry, comments=True) for entry in lines):
                        env.update(part.split("=", 1) for part in word if "=" in part)
            except OSError as error:
                if not file.startswith("-"):
                    raise UnitError(f"{self.name}: {error}") from error
        for value in self.values("Service", "Environment"):
            env.update(part.split("=", 1) for part in shlex.split(value) if "=" in part)
        if self.type == "notify":
            env["NOTIFY_SOCKET"] = f"/run/notify-{self.name}"
        known = dict(env, MAINPID=str(self.pid))

        def expand(word):
            word = re.sub(r"\$\{(\w+)\}|\$(\w+)$|^\$(\w+)", lambda m: known.get(m[1] or m[2] or m[3], ""), word.replace("$$", "\0"))
            specifiers = {"%": "%", "n": self.name, "N": self.name.rsplit(".", 1)[0], "t": "/run", "H": os.uname().nodename, "h": "/root"}
            return re.sub(r"%(.)", lambda m: specifiers.get(m[1], m[0]), word.replace("\0", "$"))

        argv = [expand(word) for word in shlex.split(line.lstrip("@+!:-"))]
        directory = self.value("Service", "WorkingDirectory").lstrip("-")
        if directory:
            argv = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', directory, *argv]
        output = self._output()
        try:
            self.pid, exit_ = self.manager.children.spawn(
                argv, env=env, stdin=connection, output=output if connection is None else connection, errors=output)
        except OSError as error:
            self.manager.console(f"systemd[1]: {self.name}: {error}")
            exit_ = asyncio.get_running_loop().create_future()
            exit_.set_result(203)
        finally:
            if output > 2:
                os.close(output)
        return exit_

    def _output(self):
        wanted = self.value("Service", "StandardOutput", "journal")
        if wanted == "null":
            return os.open(os.devnull, os.O_WRONLY)
        if "console" in wanted or wanted == "tty":
            return 1
        kind, _, path = wanted.partition(":")
        if kind not in ("file", "append", "truncate"):
            kind, path = "append", f"/var/log/{self.name}.log"
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | {"append": os.O_APPEND, "truncate": os.O_TRUNC}.get(kind, 0), 0o644)

    async def stop(self):
        if self.running is None or self.running.done():
            if self.state == "active":
                self.set("inactive", "dead")
            return
        self.stopping = True
        if self.pid == 0:
            self.running.cancel()
            self.running = None
            self.set("inactive", "dead")
            return
        for line in self.values("Service", "ExecStop"):
            pid = self.pid
            await self._spawn(line)
            self.pid = pid
        self._signal(signal.SIGTERM)
        done, _ = await asyncio.wait([self.running], timeout=seconds(self.value("Service", "TimeoutStopSec", "90")))
        if not done:
            self._signal(signal.SIGKILL)
            await self.running

    def _signal(self, number):
        try:
            if self.value("Service", "KillMode", "control-group") == "process":
                os.kill(self.pid, number)
            else:
                os.killpg(self.pid, number)
        except ProcessLookupError:
            pass

    async def reload(self):
        lines = self.values("Service", "ExecReload")
        if not lines or self.state != "active":
            raise UnitError(f"Failed to reload {self.name}: Job type reload is not applicable.")
        pid = self.pid
        for line in lines:
            exit_ = self._spawn(line)
            self.pid = pid
            await exit_

    def properties(self):
        return {**super().properties(), "Type": self.type, "MainPID": str(self.pid), "ExecMainStatus": str(abs(self.status)),
                "NRestarts": str(self.restarts), "Restart": self.value("Service", "Restart", "no")}


class Socket(Unit):
    """A socket that listens on a TCP port, and starts an instance of its template service for each connection (Accept=yes)."""

    def __init__(self, manager, name):
        super().__init__(manager, name)
        self.listener = None

    async def start(self, wait):
        del wait
        if self.listener is None:
            self.listener = socket.create_server(("", int(self.value("Socket", "ListenStream"))), backlog=128)
            self.listener.setblocking(False)
            asyncio.get_running_loop().add_reader(self.listener, self._accept)
            self.set("active", "listening")

    def _accept(self):
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        with connection:
            connection.setblocking(True)
            service = Service(self.manager, self.name.removesuffix(".socket") + "@.service")
            service.spawn_with(connection.fileno())

    async def stop(self):
        if self.listener is not None:
            asyncio.get_running_loop().remove_reader(self.listener)
            self.listener.close()
            self.listener = None
        self.set("inactive", "dead")

    async def reload(self):
        raise UnitError(f"Failed to reload {self.name}: Job type reload is not applicable.")


class Timer(Unit):
    def __init__(self, manager, name):
        super().__init__(manager, name)
        self.waiting, self.next, self.last = None, None, 0.0
        self.unit = self.value("Timer", "Unit", name.rsplit(".", 1)[0] + ".service")

    async def start(self, wait):
        del wait
        if self.waiting and not self.waiting.done():
            return
        self.unit = self.value("Timer", "Unit", self.name.rsplit(".", 1)[0] + ".service")
        read_unit(self.unit)
        now, mark = time.time(), STAMP.format(name=self.name)
        self.calendar_base = now
        if self.persistent:
            if os.path.exists(mark):
                self.calendar_base = os.stat(mark).st_mtime
            else:
                open(mark, "w", encoding="ascii").close()
        for text in self.values("Timer", "OnCalendar"):
            instant(text)
        for key in TIMER_SPANS:
            for text in self.values("Timer", key):
                seconds(text)
        self.activated = time.monotonic()
        self.set("active", "waiting")
        self.waiting = asyncio.create_task(self._wait())

    @property
    def persistent(self):
        return self.value("Timer", "Persistent", "no").lower() in ("yes", "true", "1", "on")

    def _next(self, fired):
        """The wall-clock time of the next firing, or None. Spans count from monotonic times, so a clock change does not move them."""
        moments = [moment for moment in map(instant, self.values("Timer", "OnCalendar")) if moment > self.calendar_base]
        wall = time.time() - time.monotonic()
        base = {"OnActiveSec": self.activated, "OnBootSec": self.manager.booted, "OnStartupSec": self.manager.booted}
        for key, origin in base.items():
            if not fired:
                moments += [wall + origin + seconds(text) for text in self.values("Timer", key)]
        for key, when in (("OnUnitActiveSec", self.manager.activated), ("OnUnitInactiveSec", self.manager.inactivated)):
            if self.unit in when:
                moments += [wall + when[self.unit] + seconds(text) for text in self.values("Timer", key)]
        return min(moments, default=None)

    async def _wait(self):
        fired = False
        while (due := self._next(fired)) is not None:
            self.next = due
            while (left := due - time.time()) > 0:
                await asyncio.sleep(min(left, 1))
                due = self.next = self._next(fired) or due
            fired, self.next = True, None
            self.last = self.calendar_base = time.time()
            if self.persistent:
                os.utime(STAMP.format(name=self.name))
            self.sub_state = "running"
            try:
                await self.manager.unit(self.unit).start(wait=False)
            except UnitError as error:
                self.manager.console(f"systemd[1]: {self.name}: {error}")
            self.manager.activated[self.unit] = time.monotonic()
            if self.values("Timer", "OnUnitInactiveSec"):
                await self.manager.when_ended(self.unit)
            self.sub_state = "waiting"
        self.next = None
        self.sub_state = "elapsed"

    async def stop(self):
        if self.waiting:
            # A start right after this must not find the old task, which is still ending.
            self.waiting.cancel()
            self.waiting = None
        self.next = None
        self.set("inactive", "dead")

    async def reload(self):
        raise UnitError(f"Failed to reload {self.name}: Job type reload is not applicable.")

    def properties(self):
        return {**super().properties(), "Unit": self.unit, "Triggers": self.unit, "NextElapseUSecRealtime": stamp(self.next),
                "LastTriggerUSec": stamp(self.last), "Persistent": "yes" if self.persistent else "no"}


class Units:
    """The known units, and when each service last started and ended, from which timers count."""

    def __init__(self, children, console):
        self.children, self.console = children, console
        self.booted = time.monotonic()
        self.activated, self.inactivated = {}, {}
        self._units, self._ends = {}, {}

    def unit(self, name):
        if not name.endswith((".service", ".timer", ".socket")):
            name += ".service"
        for folder in UNIT_PATHS:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                name = os.path.basename(os.path.realpath(path))
        if name == "sshd.service":
            name = "ssh.service"
        if name not in self._units:
            kinds = {".timer": Timer, ".socket": Socket}
            self._units[name] = kinds.get(os.path.splitext(name)[1], Service)(self, name)
        return self._units[name]

    def known(self):
        return [self._units[name] for name in sorted(self._units)]

    def reload(self):
        for name, unit in list(self._units.items()):
            try:
                unit.load()
            except UnitError:
                if unit.state in ("inactive", "failed"):
                    del self._units[name]

    def enabled(self, ending):
        """The enabled units whose names have this ending."""
        return sorted({os.path.basename(link) for link in glob.glob(WANTS.format(target="*") + "/*") if link.endswith(ending)})

    def unit_ended(self, name):
        self.inactivated[name] = time.monotonic()
        for waiter in self._ends.pop(name, []):
            if not waiter.done():
                waiter.set_result(None)

    async def when_ended(self, name):
        unit = self.unit(name)
        if isinstance(unit, Service) and unit.running and not unit.running.done():
            waiter = asyncio.get_running_loop().create_future()
            self._ends.setdefault(name, []).append(waiter)
            await waiter

    def enable(self, name, on):
        unit = self.unit(name)
        unit.load()
        messages = []
        for link in unit.links():
            if on and not os.path.lexists(link):
                os.makedirs(os.path.dirname(link), exist_ok=True)
                os.symlink(unit.path, link)
                messages.append(f"Created symlink {link} → {unit.path}.")
            elif not on and os.path.lexists(link):
                os.unlink(link)
                messages.append(f"Removed {link}.")
        return messages
