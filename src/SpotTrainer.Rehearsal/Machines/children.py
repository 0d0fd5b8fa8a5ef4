"""Child processes of an event loop that runs as PID 1. It also reaps orphans, which asyncio's own subprocesses leave as zombies."""
import asyncio
import os
import signal

# The signal that tells a machine's init to power off. It is systemd's own.
POWER_BUTTON = signal.SIGRTMIN + 4


class Children:
    def __init__(self):
        self._loop = asyncio.get_running_loop()
        self._exits = {}
        self._loop.add_signal_handler(signal.SIGCHLD, self._reap)

    def spawn(self, argv, env=None, stdin=None, output=None, errors=None):
        """Starts a program in its own session; its errors go to its output unless they have a place of their own. Returns its PID and a future for its exit status (minus the signal, if one ended it)."""
        nothing = os.open(os.devnull, os.O_RDWR)
        try:
            output = nothing if output is None else output
            actions = [(os.POSIX_SPAWN_DUP2, nothing if stdin is None else stdin, 0),
                       (os.POSIX_SPAWN_DUP2, output, 1),
                       (os.POSIX_SPAWN_DUP2, output if errors is None else errors, 2)]
            pid = os.posix_spawnp(argv[0], argv, dict(os.environ) if env is None else env, file_actions=actions, setsid=True,
                                  setsigmask=[], setsigdef=[signal.SIGINT, signal.SIGPIPE, signal.SIGTERM, signal.SIGHUP])
        finally:
            os.close(nothing)
        # No race with _reap: the loop runs it, but not before this returns.
        self._exits[pid] = exit_ = self._loop.create_future()
        return pid, exit_

    def _reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            exit_ = self._exits.pop(pid, None)
            if exit_ is not None and not exit_.done():
                exit_.set_result(os.waitstatus_to_exitcode(status))
