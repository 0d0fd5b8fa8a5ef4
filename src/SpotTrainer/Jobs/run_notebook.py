"""Runs the notebook (or script) of a job and keeps a status file that a client can read at any time.

    run_notebook.py NOTEBOOK --output OUT.ipynb --status status.json [--timeout SECONDS]

A notebook runs cell by cell in its own folder. After every cell, the notebook with its output so far and the status file
are replaced atomically, so a reader never sees a partial file. Until then, the new one stands beside the status file: the notebook's folder
belongs to the notebook.
A .py file runs in a child process of the same Python. Its output goes to this program's own output; --output is not used.

SIGTERM asks the work to stop: a script gets it, too, and the kernel of a notebook gets an interrupt. Work that does not stop goes on, until
a second SIGTERM asks again. What still runs 20 seconds after that is killed. The time limit asks once, as the second SIGTERM does.

The status file: {"state": "running|succeeded|failed|stopped", "cells": N, "cell": i, "started": epoch,
"ended": epoch or null, "error": {"cell": i, "type": "ValueError", "message": "...", "line": "..."} or null}.
Only code cells that are not empty count, from 1; "cell" is the one that is running or ran last.

Exit codes: 0 succeeded; 1 a cell raised, the script failed, the time limit was exceeded, or the kernel died; 2 the notebook
cannot be read or the arguments are wrong; 143 stopped by SIGTERM.
"""

import argparse
import asyncio
import ctypes
import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
# The time that a kernel or script has to clean up after it was asked for the last time, such as writing a checkpoint or closing a file.
GRACE_SECONDS = 20


def plain(text):
    """Returns the text without the colors that IPython puts into tracebacks."""
    return ANSI.sub("", str(text))


def replace_file(path, text, temporary):
    """Writes a new file under a temporary name and then replaces the old one in a single step."""
    with open(temporary, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    # A rename, unless somebody has mounted another disk for the jobs.
    shutil.move(temporary, path)


class Status:
    """The status file."""

    def __init__(self, path):
        self.path = path
        self.temporary = path + ".new"
        self.values = {"state": "running", "cells": 0, "cell": 0, "started": time.time(), "ended": None, "error": None}

    def write(self, **changes):
        self.values.update(changes)
        try:
            replace_file(self.path, json.dumps(self.values), self.temporary)
        except OSError as error:
            # A full disk must not end the training, which may be about to free space.
            print(f"run_notebook: the status could not be written: {error}", file=sys.stderr)

    def end(self, state, error=None):
        self.write(state=state, ended=time.time(), error=error)

    def fail(self, kind, message, cell=0, line=""):
        error = {"cell": cell, "type": kind, "message": plain(message).strip(), "line": plain(line).strip()}
        self.end("failed", error)
        where = f"cell {cell}: " if cell else ""
        print(f"run_notebook: {where}{kind}: {error['message']}", file=sys.stderr)


def failing_line(cell):
    """Returns the line of the cell that raised: the first frame of the traceback that is in the cell itself."""
    error = next((output for output in cell.outputs if output.output_type == "error"), {})
    lines = cell.source.splitlines()
    for entry in map(plain, error.get("traceback", [])):
        # Depending on its version, IPython writes "Cell In[3], line 2", "Cell In [3], line 2", or
        # "Input In [3], in <cell line: 2>()". All versions mark the line with an arrow.
        if re.search(r"(?:Cell|Input) In ?\[\d+\]|<ipython-input-", entry):
            match = re.search(r"^-+> (\d+)", entry, re.MULTILINE) or re.search(r"line:? (\d+)", entry)
            if match and 0 < int(match.group(1)) <= len(lines):
                return lines[int(match.group(1)) - 1]
    return ""


def die_with_parent():
    """Runs in the child before the script. If the runner is killed, the script is killed as well."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def run_script(path, status, timeout):
    """Runs a .py file in its own session, so a SIGTERM to our process group reaches it only once, through us."""
    status.write(cells=1, cell=1)
    child = None
    ending = ""
    last = False

    def ask(why, for_the_last_time):
        nonlocal ending, last
        if last:
            return
        ending, last = ending or why, for_the_last_time
        if child is not None:
            child.terminate()
        if last:
            signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)

    def on_alarm(_signal, _frame):
        if last and child is not None:
            child.kill()
        else:
            ask("timeout", True)

    signal.signal(signal.SIGTERM, lambda _signal, _frame: ask("stop", bool(ending)))
    signal.signal(signal.SIGALRM, on_alarm)
    child = subprocess.Popen([sys.executable, "-u", os.path.basename(path)], cwd=os.path.dirname(path), start_new_session=True,
                             preexec_fn=die_with_parent, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if ending:
        child.terminate()
    signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS if last else timeout or 0)
    # Keep only the end of stderr, which contains the exception as Python prints it.
    tail = b""
    while True:
        chunk = os.read(child.stderr.fileno(), 65536)
        if not chunk:
            break
        os.write(2, chunk)
        tail = (tail + chunk)[-16384:]
    code = child.wait()
    signal.setitimer(signal.ITIMER_REAL, 0)
    if ending == "stop":
        # Even with exit code 0: a script that saves its state on SIGTERM has not finished its work.
        status.end("stopped")
        return 143
    if code == 0 and not ending:
        status.end("succeeded")
        return 0
    if ending == "timeout":
        status.fail("TimeoutError", f"the job did not finish within {timeout:g} seconds", 1)
    elif code < 0:
        status.fail("Killed", f"the script was ended by {signal.Signals(-code).name}: "
                    "the host may have run out of memory, or the code ended the process", 1)
    else:
        status.fail(*script_error(path, code, plain(tail.decode("utf-8", "replace")).rstrip().splitlines()))
    return 1


def script_error(path, code, tail):
    """Returns the exception's type, its message, 1 for the cell, and the last line of the script in the traceback."""
    match = re.match(r"([A-Za-z_][\w.]*)(?:: (.*))?$", tail[-1]) if tail else None
    frames = [index for index, text in enumerate(tail[:-1]) if re.match(rf'  File ".*{re.escape(os.path.basename(path))}", line ', text)]
    if match is None or not frames:
        return "SystemExit", f"the script ended with exit code {code}", 1
    return match.group(1), match.group(2) or "", 1, tail[frames[-1] + 1]


async def finished(result):
    """Awaits a result that some versions of jupyter_client return as a coroutine and others as a plain value."""
    return await result if inspect.isawaitable(result) else result


def read_notebook(path, nbformat):
    """Reads a notebook, also after a byte order mark. A newer format is read as the newest that nbformat knows."""
    with open(path, encoding="utf-8-sig") as stream:
        content = json.load(stream)
    if isinstance(content, dict) and isinstance(content.get("nbformat"), int):
        content["nbformat"] = min(content["nbformat"], nbformat.current_nbformat)
    return nbformat.reads(json.dumps(content), as_version=4)


def kernel_of(metadata):
    """Returns the kernel that a notebook names. This Python stands for the environment of a Python notebook that is not on this host."""
    from jupyter_client.kernelspec import KernelSpecManager

    kernel = metadata.get("kernelspec") or {}
    name = kernel.get("name") or "python3"
    language = kernel.get("language") or (metadata.get("language_info") or {}).get("name") or "python"
    return "python3" if language.lower() == "python" and name not in KernelSpecManager().find_kernel_specs() else name


class Notebook:
    """A notebook that is being run."""

    def __init__(self, path, output, status, timeout, nbclient, nbformat):
        self.nbformat = nbformat
        self.errors = nbclient.exceptions
        self.output = output
        self.status = status
        self.timeout = timeout
        self.stop = asyncio.Event()
        self.stop_now = asyncio.Event()
        self.document = read_notebook(path, nbformat)
        for cell in self.document.cells:
            if cell.cell_type == "code":
                # The output of an earlier run must not be mistaken for a result of this one.
                cell.outputs = []
                cell.execution_count = None
        self.cells = [(index, cell) for index, cell in enumerate(self.document.cells)
                      if cell.cell_type == "code" and cell.source.strip()]
        self.client = nbclient.NotebookClient(
            self.document, timeout=None, resources={"metadata": {"path": os.path.dirname(path)}},
            kernel_name=kernel_of(self.document.metadata))

    def save(self):
        try:
            replace_file(self.output, self.nbformat.writes(self.document), self.status.temporary)
        except OSError as error:
            print(f"run_notebook: the notebook could not be written: {error}", file=sys.stderr)

    async def run(self):
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGTERM, lambda: (self.stop_now if self.stop.is_set() else self.stop).set())
        self.status.write(cells=len(self.cells))
        self.save()
        try:
            try:
                if not await self.unless_stopped(self.start_kernel()):
                    return self.interrupted(0)
            except Exception as error:  # Any reason: the kernel is not installed, or there is no memory.
                self.status.fail(type(error).__name__, f"the kernel could not be started: {error}")
                return 1
            return await self.run_cells()
        finally:
            await self.end_kernel()

    async def start_kernel(self):
        # Step by step instead of with async_setup_kernel, which would replace our SIGTERM handler.
        self.client.create_kernel_manager()
        await self.client.async_start_new_kernel()
        await self.client.async_start_new_kernel_client()

    async def end_kernel(self):
        if self.client.kc is not None:
            self.client.kc.stop_channels()
        if self.client.km is not None and self.client.km.has_kernel:
            await finished(self.client.km.shutdown_kernel(now=True))

    async def run_cells(self):
        for number, (index, cell) in enumerate(self.cells, 1):
            if self.stop.is_set():
                return self.interrupted(number)
            self.status.write(cell=number)
            try:
                completed = await self.unless_stopped(self.client.async_execute_cell(cell, index))
            except self.errors.CellExecutionError as error:
                self.save()
                self.status.fail(error.ename, error.evalue, number, failing_line(cell))
                return 1
            except self.errors.DeadKernelError:
                self.save()
                self.status.fail("DeadKernelError", "the kernel died in this cell: the host may have run out of memory, "
                                 "or the code ended the process", number)
                return 1
            self.save()
            if not completed:
                return self.interrupted(number)
        self.status.end("succeeded")
        return 0

    async def unless_stopped(self, work):
        """Completes the work and returns True. If a stop or the time limit comes first, interrupts the kernel, gives it time
        to clean up, and returns False."""
        task = asyncio.ensure_future(work)
        await self.first_of(task, self.stop)
        if task.done():
            await task
            return True
        if self.client.kc is not None:
            await finished(self.client.km.interrupt_kernel())
            if self.stop.is_set():
                await self.first_of(task, self.stop_now)
                if not task.done():
                    await finished(self.client.km.interrupt_kernel())
            await asyncio.wait({task}, timeout=GRACE_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False

    async def first_of(self, task, event):
        """Waits until the task ends, the event is set, or the time limit is over."""
        left = None if self.timeout is None else max(0.0, self.status.values["started"] + self.timeout - time.time())
        waiting = asyncio.ensure_future(event.wait())
        await asyncio.wait({task, waiting}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    def interrupted(self, number):
        if self.stop.is_set():
            self.status.end("stopped")
            return 143
        self.status.fail("TimeoutError", f"the job did not finish within {self.timeout:g} seconds", number)
        return 1


def run_notebook(path, output, status, timeout):
    # Otherwise, the kernel's debugger writes a warning to the log of every job.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    try:
        # Not at the top: the import takes a second, and the status file should exist before. A script needs neither module.
        import nbclient
        import nbclient.exceptions
        import nbformat
    except ImportError as error:
        status.fail("ImportError", f"this Python cannot run notebooks: {error}")
        return 1

    async def read_and_run():
        try:
            notebook = Notebook(path, output, status, timeout, nbclient, nbformat)
        except Exception as error:  # nbformat raises many kinds of errors for a file that is not a notebook.
            reason = plain(error).strip().splitlines() or [type(error).__name__]
            status.fail(type(error).__name__, f"this is not a readable notebook: {reason[0]}")
            return 2
        return await notebook.run()

    return asyncio.run(read_and_run())


def main():
    parser = argparse.ArgumentParser(description="Runs a notebook or script and records its progress.")
    parser.add_argument("notebook")
    parser.add_argument("--output", required=True, help="the path of the executed notebook")
    parser.add_argument("--status", required=True, help="the path of the status file")
    parser.add_argument("--timeout", type=float, help="the time limit of the whole job, in seconds")
    arguments = parser.parse_args()
    path = os.path.abspath(arguments.notebook)
    status = Status(os.path.abspath(arguments.status))
    status.write()

    def stop_early(_signal, _frame):
        status.end("stopped")
        sys.exit(143)

    signal.signal(signal.SIGTERM, stop_early)
    if not os.path.isfile(path):
        status.fail("FileNotFoundError", f"the file {arguments.notebook} does not exist")
        return 2
    if path.endswith(".py"):
        return run_script(path, status, arguments.timeout)
    return run_notebook(path, os.path.abspath(arguments.output), status, arguments.timeout)


if __name__ == "__main__":
    sys.exit(main())
