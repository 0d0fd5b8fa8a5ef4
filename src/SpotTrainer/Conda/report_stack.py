"""Looks at a Python stack: whether all files of its packages are there, or what it has.

    whole PREFIX FILE                 ends with 0 if no file is missing but those that FILE names
    absent PREFIX                     prints the files that are missing
    report PREFIX BASE PACKAGE...     writes PREFIX/.spottrainer/activate.sh, imports the packages, and prints a JSON object

Conda's own records are JSON files in conda-meta (conda's PrefixRecord).
"""

import glob
import importlib.metadata
import json
import os
import platform
import re
import shlex
import subprocess
import sys

ACTIVATE = """# Written by SpotTrainer. Activates this Python stack in a shell, as "conda activate" does, without starting conda.
if [ "${CONDA_PREFIX-}" != %(prefix)s ]; then
    if [ -n "${BASH_VERSION-}" ]; then
        export PATH=%(path)s"${PATH:+:$PATH}"
        export CONDA_PREFIX=%(prefix)s CONDA_DEFAULT_ENV=%(name)s CONDA_SHLVL=1 CONDA_EXE=%(conda)s CONDA_PYTHON_EXE=%(python)s
%(variables)s        for spottrainer_each in %(prefix)s/etc/conda/activate.d/*.sh; do
            [ ! -r "$spottrainer_each" ] || . "$spottrainer_each"
        done
        unset spottrainer_each
    elif command -v bash > /dev/null; then
        # The scripts of packages are written for bash.
        eval "$(bash --posix -c '. "$0" > /dev/null 2>&1; export -p' %(own)s)"
    fi
    [ ! -r %(functions)s ] || . %(functions)s
fi
"""

# Prints a line for each module: its name before it is imported, and its version or its error after that.
IMPORT = """
import importlib, json, sys
for name in sys.argv[1:]:
    print(json.dumps([name]), flush=True)
    try:
        module = importlib.import_module(name)
        print(json.dumps([name, str(getattr(module, "__version__", "") or ""), None]), flush=True)
    except BaseException as error:
        print(json.dumps([name, None, f"{type(error).__name__}: {error}"]), flush=True)
"""
LIMIT = 600


def read(path):
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)


def records(prefix):
    return [read(path) for path in sorted(glob.glob(os.path.join(glob.escape(prefix), "conda-meta", "*.json")))]


def absent(prefix):
    """Files that conda has recorded and that are not there, without compiled ones: conda records those that Python could not compile, too."""
    return {path for record in records(prefix) for path in record.get("files", [])
            if not path.endswith(".pyc") and not os.path.lexists(os.path.join(prefix, path))}


def is_whole(prefix, known):
    """Whether no file is missing that was there when the stack was complete. pip may have replaced some of conda's."""
    try:
        with open(known, encoding="utf-8") as stream:
            return absent(prefix) <= set(stream.read().splitlines())
    except OSError:
        return not absent(prefix)


def variables(prefix):
    """What conda exports on activation: what packages ask for, and then what the user has set."""
    found = {}
    for path in sorted(glob.glob(os.path.join(glob.escape(prefix), "etc", "conda", "env_vars.d", "*.json"))):
        found.update(read(path))
    state = os.path.join(prefix, "conda-meta", "state")
    if os.path.exists(state):
        found.update(read(state).get("env_vars", {}))
    # conda exports upper-case names, and a program may look for the name as it was set.
    found.update({name.upper(): value for name, value in found.items()})
    return {name: value for name, value in found.items() if value != "***unset***" and re.fullmatch(r"[A-Za-z_]\w*", name)}


def write_activation(prefix, base):
    own = os.path.join(prefix, ".spottrainer", "activate.sh")
    name = "base" if prefix == base else os.path.basename(prefix) if os.path.dirname(prefix) == os.path.join(base, "envs") else prefix
    quote = shlex.quote
    text = ACTIVATE % {
        "prefix": quote(prefix), "path": quote(f"{prefix}/bin:{base}/condabin"), "name": quote(name), "conda": quote(f"{base}/bin/conda"),
        "python": quote(f"{base}/bin/python"), "own": quote(own), "functions": quote(f"{base}/etc/profile.d/conda.sh"),
        "variables": "".join(f"        export {key}={quote(str(value))}\n" for key, value in variables(prefix).items()),
    }
    os.makedirs(os.path.dirname(own), exist_ok=True)
    with open(own + ".new", "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(own + ".new", own)
    return own


def modules_of(record):
    """The modules that a package brings, the one with its own name alone if there is one."""
    found = set()
    for path in record.get("files", []):
        match = re.fullmatch(r"lib/python3\.\d+/site-packages/([A-Za-z]\w*)(?:/__init__\.py|\.py|\.(?:cpython|abi3)[^/]*\.so)", path)
        if match and match[1] not in ("test", "tests", "examples", "docs"):
            found.add(match[1])
    own = record["name"].replace("-", "_").lower()
    return [name for name in found if name.lower() == own] or sorted(found)[:3]


def modules_of_pip(distribution):
    top = (distribution.read_text("top_level.txt") or "").split()
    found = [name for name in top if not name.startswith("_")] or sorted(
        {str(path).split("/")[0] for path in distribution.files or [] if str(path).endswith("/__init__.py") and str(path).count("/") == 1})
    return found[:3]


def try_imports(prefix, activate, names):
    """The versions and the errors of modules. One that ends the process does not keep the rest from being tried."""
    found = {}
    left = list(names)
    while left:
        command = ["bash", "-c", '. "$0" >&2; exec "$@"', activate, os.path.join(prefix, "bin", "python"), "-c", IMPORT, *left]
        try:
            ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT,
                                   env={**os.environ, "MPLBACKEND": "Agg"}, cwd="/", check=False)
            output, why = ended.stdout, f"it ended Python with {describe(ended.returncode)}"
        except subprocess.TimeoutExpired as error:
            output, why = error.stdout or b"", f"it was not imported in {LIMIT} s"
        last = None
        for line in output.decode("utf-8", "replace").splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, list) and value and value[0] in left:
                last = value[0]
                if len(value) == 3:
                    found[value[0]] = (value[1], value[2])
        begun = [name for name in left if name in found or name == last]
        if last is not None and last not in found:
            found[last] = (None, why)
        if not begun:
            found.update((name, (None, why)) for name in left)
        left = [name for name in left if name not in found]
    return found


def describe(code):
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def report(prefix, base, wanted):
    all_records = records(prefix)
    named = {record["name"]: record for record in all_records}
    pips = {}
    for distribution in importlib.metadata.distributions():
        if (distribution.read_text("INSTALLER") or "").strip() == "pip" and distribution.metadata["Name"]:
            pips[re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()] = distribution
    activate = write_activation(prefix, base)
    modules = {}
    for name in wanted:
        if name in named:
            modules[name] = modules_of(named[name])
        elif name in pips:
            modules[name] = modules_of_pip(pips[name])
    tried = try_imports(prefix, activate, sorted({module for found in modules.values() for module in found}))
    subdirs = [record.get("subdir") for record in all_records if record.get("subdir") not in (None, "noarch")]
    conda = [record["version"] for record in records(base) if record["name"] == "conda"]
    return {
        "prefix": prefix,
        "conda": conda[0] if conda else None,
        "python": platform.python_version(),
        "platform": subdirs[0] if subdirs else None,
        "packages": [
            {"name": record["name"], "version": record["version"], "build": record.get("build"),
             "channel": str(record.get("channel") or "").rstrip("/"), "url": record.get("url"), "md5": record.get("md5"),
             "modules": modules.get(record["name"])} for record in all_records],
        "pip": [{"name": name, "version": distribution.version, "modules": modules.get(name)} for name, distribution in sorted(pips.items())],
        "errors": [{"module": module, "error": error} for module, (_, error) in sorted(tried.items()) if error],
    }


def main():
    if sys.argv[1] == "whole":
        return 0 if is_whole(sys.argv[2], sys.argv[3]) else 1
    if sys.argv[1] == "absent":
        print("\n".join(sorted(absent(sys.argv[2]))))
        return 0
    json.dump(report(sys.argv[2], sys.argv[3], sys.argv[4:]), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
