#!/bin/bash
# The rehearsal's stand-in for the Miniconda installer. It accepts the real one's flags and creates a prefix on top of the
# machine's own Python. It downloads nothing and fakes no module: conda does not find a package that this Python lacks.
set -u

prefix=${HOME:-/opt}/miniconda3
batch=no
update=no
force=no

usage() {
    cat << END
usage: $0 [options]

The rehearsal's stand-in for the Miniconda installer: creates a prefix on top of this machine's own Python.

-b           run install in batch mode (the only mode here)
-f           no error if install prefix already exists
-h           print this help message and exit
-p PREFIX    install prefix, defaults to $prefix
-s           skip running pre/post-link/install scripts (there are none)
-u           update an existing installation
END
}

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# The real installer takes any other name as a sign that it was sourced.
case $0 in
    *.sh) ;;
    *) fail 'Please run using "bash"/"dash"/"sh"/"zsh", but not "." or "source".' ;;
esac

while getopts :bfhp:su option; do
    case $option in
        b) batch=yes ;;
        f) force=yes ;;
        h)
            usage
            exit 0
            ;;
        p) prefix=$OPTARG ;;
        s) ;;
        u) update=yes ;;
        *) fail "ERROR: did not recognize option '$OPTARG', please try -h" ;;
    esac
done

[ $batch = yes ] || fail 'ERROR: the rehearsal stand-in supports only batch mode. Run it with -b.'
case $prefix in
    *' '*) fail 'ERROR: Cannot install into directories with spaces' ;;
    /*) ;;
    *) prefix=$PWD/$prefix ;;
esac
if [ -e "$prefix" ] && [ $update = no ] && [ $force = no ]; then
    fail "ERROR: File or directory already exists: '$prefix'" \
        'If you want to update an existing installation, use the -u option.'
fi
[ -x /usr/bin/python3 ] || fail 'ERROR: this machine has no /usr/bin/python3, which the prefix needs.'

echo "PREFIX=$prefix"
echo "This is the rehearsal's stand-in for Miniconda. It has only the packages of this machine's own Python."
mkdir -p "$prefix" || fail "ERROR: Could not create directory: '$prefix'"
prefix=$(cd "$prefix" && pwd -P)
/usr/bin/python3 -m venv --system-site-packages --without-pip "$prefix" || fail 'ERROR: the prefix could not be created.'
rm -f "$prefix"/bin/[Aa]ctivate*
mkdir -p "$prefix/condabin" "$prefix/conda-meta" "$prefix/envs" "$prefix/etc/profile.d"

cat > "$prefix/bin/activate" << END
. "$prefix/etc/profile.d/conda.sh" && conda activate "\$@"
END
cat > "$prefix/etc/profile.d/conda.sh" << END
export CONDA_EXE='$prefix/bin/conda'
END
cat >> "$prefix/etc/profile.d/conda.sh" << 'END'
__conda_leave() {
    if [ -n "${CONDA_PREFIX:-}" ]; then
        PATH=$(printf '%s' ":$PATH:" | sed "s|:$CONDA_PREFIX/bin:|:|; s|^:||; s|:\$||")
        unset CONDA_PREFIX CONDA_DEFAULT_ENV
    fi
}

conda() {
    case ${1:-} in
        activate)
            __conda_root=${CONDA_EXE%/bin/conda}
            case ${2:-base} in
                base) __conda_new=$__conda_root ;;
                */*) __conda_new=$2 ;;
                *) __conda_new=$__conda_root/envs/$2 ;;
            esac
            if [ ! -d "$__conda_new/conda-meta" ]; then
                echo "EnvironmentNameNotFound: Could not find conda environment: $2" >&2
                return 1
            fi
            __conda_leave
            export PATH="$__conda_new/bin:$PATH" CONDA_PREFIX="$__conda_new" CONDA_DEFAULT_ENV="${2:-base}"
            ;;
        deactivate) __conda_leave ;;
        *) "$CONDA_EXE" "$@" ;;
    esac
}

case ":$PATH:" in
    *":${CONDA_EXE%/bin/conda}/condabin:"*) ;;
    *) export PATH="${CONDA_EXE%/bin/conda}/condabin:$PATH" ;;
esac
END

{
    echo "#!$prefix/bin/python"
    cat << 'END'
"""The rehearsal's stand-in for conda: installs only packages that this machine's own Python has."""

import argparse
import importlib.metadata
import importlib.util
import json
import operator
import os
import platform
import re
import shutil
import subprocess
import sys
import time

VERSION = "24.9.2"
ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PLATFORM = "linux-aarch64" if platform.machine() == "aarch64" else "linux-64"
# conda names that differ from the Python package's name, and conda packages that only stand for others.
ALIASES = {"matplotlib-base": "matplotlib", "pytorch": "torch", "py-xgboost": "xgboost", "py-opencv": "opencv-python",
           "opencv": "opencv-python", "pytables": "tables", "python-graphviz": "graphviz", "importlib_metadata": "importlib-metadata"}
BUNDLES = {"jupyter": ["notebook", "nbconvert", "ipykernel", "jupyter-core"]}
# Dependencies that Debian omits from many packages' metadata.
NEEDS = {
    "matplotlib": ["contourpy", "cycler", "fonttools", "kiwisolver", "numpy", "packaging", "pillow", "pyparsing", "python-dateutil"],
    "nbconvert": ["beautifulsoup4", "bleach", "defusedxml", "jinja2", "jupyter-core", "jupyterlab-pygments", "markupsafe", "nbclient",
                  "nbformat", "packaging", "pandocfilters", "pygments", "tinycss2", "traitlets"],
    "notebook": ["argon2-cffi", "ipykernel", "jinja2", "jupyter-client", "jupyter-core", "nbconvert", "nbformat", "prometheus-client",
                 "pyzmq", "send2trash", "terminado", "tornado", "traitlets"],
    "pandas": ["numpy", "python-dateutil", "pytz"],
    "scikit-learn": ["joblib", "numpy", "scipy", "threadpoolctl"],
    "scipy": ["numpy"],
}
OPERATORS = {"==": operator.eq, "!=": operator.ne, ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


class CondaError(Exception):
    """An error as conda names and words it."""

    def __init__(self, name, message, **details):
        super().__init__(message)
        self.name = name
        self.details = details


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def version_key(version):
    """Numbers compare as numbers. A version that continues with letters (1.0rc1) comes before the one that does not."""
    return [(1, int(part), "") if part.isdigit() else (0, 0, part)
            for part in re.findall(r"\d+|[a-z]+", version.lower().split("+")[0])]


def compare(version, sign, wanted):
    left, right = version_key(version), version_key(wanted)
    length = max(len(left), len(right))
    return OPERATORS[sign](*(key + [(1, 0, "")] * (length - len(key)) for key in (left, right)))


def satisfies(version, constraint):
    """conda's version syntax: "=1.2" or "1.2.*" matches the beginning, "," means and, "|" means or."""
    def one(term):
        match = re.fullmatch(r"(==|!=|>=|<=|~=|>|<|=|)\s*([^\s=<>!~]+)", term.strip())
        if match is None:
            raise CondaError("InvalidVersionSpec", f"Invalid version '{term}': invalid operator")
        sign, wanted = match.groups()
        fuzzy = sign == "=" or wanted.endswith("*")
        wanted = wanted.rstrip("*").rstrip(".")
        if not wanted:
            return True
        if sign == "~=":
            return compare(version, ">=", wanted) and one("=" + wanted.rpartition(".")[0])
        if fuzzy and sign in ("", "=", "==", "!="):
            key = version_key(wanted)
            return (version_key(version)[:len(key)] == key) != (sign == "!=")
        return compare(version, sign or "==", wanted)
    return any(all(one(term) for term in branch.split(",")) for branch in constraint.split("|"))


def parse_spec(spec):
    """Returns the package name and the constraint of name, name=1.2, name==1.2.3, name>=1,<2, channel::name=1.2=build."""
    text = spec.split("::")[-1].strip()
    bracket = re.search(r"\[(?:.*?version\s*=\s*['\"]?([^'\"\]]*)['\"]?)?.*\]$", text)
    constraint = (bracket.group(1) or "") if bracket else ""
    text = text[:bracket.start()] if bracket else text
    match = re.fullmatch(r"([A-Za-z0-9_][\w.-]*)\s*(.*)", text)
    if match is None:
        raise CondaError("InvalidMatchSpec", f"Invalid spec '{spec}': not a package name")
    rest = match.group(2).strip() or constraint
    build = re.fullmatch(r"(=[^=<>!~,|]+)=[^=]+", rest)
    return match.group(1).lower(), build.group(1) if build else rest


def machine_packages():
    """The packages of this machine's Python, by name. The first one on the path is the one that Python imports."""
    found = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(normal(name), distribution)
    return found


def find(name, packages):
    """The version and the Python packages for a conda name, or None."""
    if name == "python":
        return platform.python_version(), []
    if name == "conda":
        return VERSION, []
    parts = [packages.get(normal(part)) for part in BUNDLES.get(name, [ALIASES.get(name, name)])]
    return None if None in parts else (parts[0].version, parts)


def closure(distributions, packages):
    """These packages and their dependencies, as far as this machine has them."""
    seen = {}
    waiting = list(distributions)
    while waiting:
        distribution = waiting.pop()
        name = normal(distribution.metadata["Name"])
        if name in seen:
            continue
        seen[name] = distribution
        needed = [requirement for requirement in distribution.requires or [] if "extra ==" not in requirement]
        for requirement in needed + NEEDS.get(name, []):
            need = packages.get(normal(re.match(r"[\w.-]+", requirement).group()))
            if need is not None:
                waiting.append(need)
    return seen


def records(prefix):
    folder = os.path.join(prefix, "conda-meta")
    found = []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if name.endswith(".json"):
            with open(os.path.join(folder, name), encoding="utf-8") as stream:
                found.append(json.load(stream))
    return found


def record(prefix, name, version, spec=None):
    values = {"name": name, "version": version, "build": "rehearsal", "build_number": 0, "channel": "rehearsal", "subdir": PLATFORM}
    if spec:
        values["requested_spec"] = spec
    with open(os.path.join(prefix, "conda-meta", f"{name}-{version}.json"), "w", encoding="utf-8") as stream:
        json.dump(values, stream, indent=2)


def history(prefix, lines):
    with open(os.path.join(prefix, "conda-meta", "history"), "a", encoding="utf-8") as stream:
        stream.write(time.strftime("==> %Y-%m-%d %H:%M:%S <==\n"))
        stream.write(f"# cmd: {' '.join(sys.argv)}\n# conda version: {VERSION}\n")
        stream.writelines(line + "\n" for line in lines)


def link(prefix, distribution):
    """Creates a package's commands, run by the prefix's own Python, and the kernel that Jupyter finds before the system's."""
    python = os.path.join(prefix, "bin", "python")
    for entry in distribution.entry_points:
        module, _, attribute = entry.value.partition(":")
        attribute = attribute.split("[")[0].strip()
        if entry.group != "console_scripts" or not attribute or importlib.util.find_spec(module.split(".")[0]) is None:
            continue
        path = os.path.join(prefix, "bin", entry.name)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(f"#!{python}\nimport sys\n\nfrom {module.strip()} import {attribute.split('.')[0]}\n\n"
                         f"sys.exit({attribute}())\n")
        os.chmod(path, 0o755)
    if normal(distribution.metadata["Name"]) == "ipykernel":
        folder = os.path.join(prefix, "share", "jupyter", "kernels", "python3")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "kernel.json"), "w", encoding="utf-8") as stream:
            json.dump({"argv": [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                       "display_name": "Python 3 (ipykernel)", "language": "python", "metadata": {"debugger": True}}, stream, indent=1)


def target(options):
    if options.prefix:
        return os.path.abspath(options.prefix)
    if options.name:
        return ROOT if options.name == "base" else os.path.join(ROOT, "envs", options.name)
    return os.environ.get("CONDA_PREFIX") or ROOT


def existing(options):
    prefix = target(options)
    if not os.path.isdir(os.path.join(prefix, "conda-meta")):
        if options.name:
            raise CondaError("EnvironmentNameNotFound", f"Could not find conda environment: {options.name}")
        raise CondaError("EnvironmentLocationNotFound", f"Not a conda environment: {prefix}")
    return prefix


def lay_out(prefix):
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--system-site-packages", "--without-pip", prefix], check=True)
    for name in os.listdir(os.path.join(prefix, "bin")):
        if name.lower().startswith("activate"):
            os.unlink(os.path.join(prefix, "bin", name))
    os.makedirs(os.path.join(prefix, "conda-meta"), exist_ok=True)
    record(prefix, "python", platform.python_version())


def confirm(options):
    if options.yes or options.json:
        return
    print("Proceed ([y]/n)? ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CondaError("CondaSystemExit", "Exiting.")


def install(options):
    """install, create and update: installs everything requested, or nothing."""
    say = (lambda *_: None) if options.json or options.quiet else print
    specs = list(options.packages)
    for path in options.file or []:
        with open(path, encoding="utf-8") as stream:
            specs += [line.split("#")[0].strip() for line in stream if line.split("#")[0].strip()]
    creating = options.command == "create"
    if creating:
        if not options.prefix and not options.name:
            raise CondaError("ArgumentError", "one of the arguments -n/--name -p/--prefix is required")
        prefix = target(options)
        if prefix == ROOT:
            raise CondaError("CondaValueError", "The target prefix is the base prefix. Aborting.")
        if os.path.exists(prefix) and os.listdir(prefix) and not os.path.isdir(os.path.join(prefix, "conda-meta")):
            raise CondaError("CondaValueError", f"The target directory exists, but it is not a conda environment: {prefix}")
    else:
        prefix = existing(options)
        if options.command in ("update", "upgrade") and options.all:
            specs += [entry["name"] for entry in records(prefix)]
        if not specs:
            raise CondaError("CondaValueError", "too few arguments, must supply command line package specs or --file")

    say(f"Channels:\n - rehearsal (the packages of this machine's own Python)\nPlatform: {PLATFORM}")
    say("Collecting package metadata (repodata.json): done")
    packages = machine_packages()
    chosen, missing, wanted = {}, [], []
    for spec in specs:
        name, constraint = parse_spec(spec)
        found = find(name, packages)
        if found is None or (constraint and not satisfies(found[0], constraint)):
            missing.append(spec)
            continue
        chosen[name] = (found[0], spec)
        wanted += found[1]
    if missing:
        say("Solving environment: failed")
        listed = "".join(f"  - {spec}\n" for spec in missing)
        raise CondaError(
            "PackagesNotFoundError",
            f"The following packages are not available from current channels:\n\n{listed}\n"
            "Current channels:\n\n  - rehearsal\n\n"
            "This is the rehearsal's stand-in. It has only the packages of this machine's own Python.",
            packages=missing, channel_urls=["rehearsal"])
    say("Solving environment: done\n")
    linked = closure(wanted, packages)
    for name, distribution in linked.items():
        chosen.setdefault(name, (distribution.version, None))
    held = {} if creating else {entry["name"]: entry["version"] for entry in records(prefix)}
    new = {name: values for name, values in sorted(chosen.items()) if held.get(name) != values[0]}
    if not new and not creating:
        if options.json:
            print(json.dumps({"success": True, "message": "All requested packages already installed."}))
        else:
            print("# All requested packages already installed.\n")
        return 0

    say(f"## Package Plan ##\n\n  environment location: {prefix}\n\n  added / updated specs:")
    say("".join(f"    - {spec}\n" for spec in sorted(specs)))
    say("The following NEW packages will be INSTALLED:\n")
    say("".join(f"  {name:18} {version}-rehearsal\n" for name, (version, _) in new.items()))
    if not options.dry_run:
        confirm(options)
        if creating:
            shutil.rmtree(prefix, ignore_errors=True)
            lay_out(prefix)
        for name, distribution in linked.items():
            link(prefix, distribution)
        for name, (version, spec) in new.items():
            if name in held:
                os.unlink(os.path.join(prefix, "conda-meta", f"{name}-{held[name]}.json"))
            record(prefix, name, version, spec)
        history(prefix, [f"+rehearsal::{name}-{version}" for name, (version, _) in new.items()] + [f"# update specs: {sorted(specs)}"])
        say("Preparing transaction: done\nVerifying transaction: done\nExecuting transaction: done")
    if options.json:
        print(json.dumps({"success": True, "prefix": prefix, "dry_run": options.dry_run, "actions": {"PREFIX": prefix, "LINK": [
            {"name": name, "version": version, "build_string": "rehearsal", "channel": "rehearsal"}
            for name, (version, _) in new.items()]}}, indent=2))
    return 0


def list_packages(options):
    prefix = existing(options)
    entries = [entry for entry in records(prefix) if not options.regex or re.search(options.regex, entry["name"])]
    if options.json:
        print(json.dumps([{"base_url": None, "build_number": 0, "build_string": entry["build"], "channel": entry["channel"],
                           "dist_name": f"{entry['name']}-{entry['version']}-{entry['build']}", "name": entry["name"],
                           "platform": entry["subdir"], "version": entry["version"]} for entry in entries], indent=2))
        return 0
    print(f"# packages in environment at {prefix}:\n#\n# Name                    Version                   Build  Channel")
    for entry in entries:
        print(f"{entry['name']:25} {entry['version']:15} {entry['build']:>15}  {entry['channel']}")
    return 0


def environments():
    folder = os.path.join(ROOT, "envs")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [ROOT] + [os.path.join(folder, name) for name in names if os.path.isdir(os.path.join(folder, name, "conda-meta"))]


def list_environments(options):
    if options.json:
        print(json.dumps({"envs": environments()}, indent=2))
        return 0
    print("# conda environments:\n#")
    active = os.environ.get("CONDA_PREFIX")
    for prefix in environments():
        name = "base" if prefix == ROOT else os.path.basename(prefix)
        print(f"{name:20} {'*' if prefix == active else ' '}  {prefix}")
    print()
    return 0


def info(options):
    values = {"active_prefix": os.environ.get("CONDA_PREFIX"), "root_prefix": ROOT, "conda_prefix": ROOT,
              "default_prefix": os.environ.get("CONDA_PREFIX") or ROOT, "conda_version": VERSION, "platform": PLATFORM,
              "python_version": platform.python_version() + ".final.0", "channels": ["rehearsal"], "envs": environments(),
              "envs_dirs": [os.path.join(ROOT, "envs")], "offline": True, "user_rc_path": os.path.expanduser("~/.condarc")}
    if options.json:
        print(json.dumps(values, indent=2))
        return 0
    print()
    for label, key in (("active env location", "active_prefix"), ("conda version", "conda_version"),
                       ("python version", "python_version"), ("base environment", "root_prefix"), ("platform", "platform")):
        print(f"{label:>23} : {values[key]}")
    print("\n  This is the rehearsal's stand-in for conda.\n")
    return 0


def config(options):
    """Stores the settings where conda stores them. No setting changes what the stand-in does."""
    path = options.file or (os.path.join(ROOT, ".condarc") if options.system or options.env else os.path.expanduser("~/.condarc"))
    settings = {}
    if os.path.exists(path):
        key = None
        with open(path, encoding="utf-8") as stream:
            for line in stream.read().splitlines():
                if line.strip().startswith("- "):
                    settings.setdefault(key, []).append(line.strip()[2:])
                elif ":" in line:
                    key, value = (part.strip() for part in line.split(":", 1))
                    settings[key] = value or []
    for key, value in options.set or []:
        settings[key] = value
    for values, place in ((options.add, 0), (options.prepend, 0), (options.append, None)):
        for key, value in values or []:
            items = [item for item in settings.get(key, []) if item != value]
            items.insert(len(items) if place is None else place, value)
            settings[key] = items
    if options.set or options.add or options.prepend or options.append:
        with open(path, "w", encoding="utf-8") as stream:
            for key, value in settings.items():
                stream.write(f"{key}: {value}\n" if isinstance(value, str) else f"{key}:\n" + "".join(f"  - {item}\n" for item in value))
    elif options.json:
        print(json.dumps(settings, indent=2))
    else:
        for key, value in settings.items():
            print(f"{key}: {value}")
    return 0


def run(options):
    if not options.arguments:
        raise CondaError("ArgumentError", "the following arguments are required: executable_call")
    prefix = existing(options)
    environment = dict(os.environ, CONDA_PREFIX=prefix, CONDA_DEFAULT_ENV="base" if prefix == ROOT else os.path.basename(prefix),
                       PATH=os.path.join(prefix, "bin") + os.pathsep + os.environ.get("PATH", os.defpath))
    os.chdir(options.cwd)
    sys.stdout.flush()
    try:
        os.execvpe(options.arguments[0], options.arguments, environment)
    except OSError as error:
        print(f"{options.arguments[0]}: {error.strerror}", file=sys.stderr)
        return 127


def arguments():
    parser = argparse.ArgumentParser(prog="conda", description="The rehearsal's stand-in for conda.")
    parser.add_argument("-V", "--version", action="version", version=f"conda {VERSION} (SpotTrainer rehearsal stand-in)")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("-p", "--prefix")
    where.add_argument("-n", "--name")
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument("--json", action="store_true")
    output.add_argument("-q", "--quiet", action="store_true")
    output.add_argument("-v", "--verbose", action="count")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in ("install", "create", "update", "upgrade"):
        command = commands.add_parser(name, parents=[where, output])
        command.set_defaults(action=install)
        command.add_argument("packages", nargs="*", metavar="package_spec")
        command.add_argument("-y", "--yes", action="store_true")
        command.add_argument("-d", "--dry-run", action="store_true")
        command.add_argument("--all", action="store_true")
        command.add_argument("--file", action="append")
        # These select the source and the solver. Here there is only one source and one solution.
        for option in ("-c", "--channel"), ("--solver",):
            command.add_argument(*option, action="append", help=argparse.SUPPRESS)
        for option in ("--override-channels", "--strict-channel-priority", "--no-channel-priority", "--freeze-installed",
                       "--update-deps", "--force-reinstall", "--offline", "--insecure"):
            command.add_argument(option, action="store_true", help=argparse.SUPPRESS)
    command = commands.add_parser("list", parents=[where, output])
    command.set_defaults(action=list_packages)
    command.add_argument("regex", nargs="?")
    command = commands.add_parser("env").add_subparsers(dest="subcommand", required=True).add_parser("list", parents=[output])
    command.set_defaults(action=list_environments)
    command = commands.add_parser("info", parents=[output])
    command.set_defaults(action=info)
    command = commands.add_parser("config", parents=[output])
    command.set_defaults(action=config)
    for option in "--set", "--add", "--prepend", "--append":
        command.add_argument(option, nargs=2, action="append", metavar=("KEY", "VALUE"))
    command.add_argument("--system", action="store_true")
    command.add_argument("--env", action="store_true")
    command.add_argument("--file")
    command = commands.add_parser("run", parents=[where])
    command.set_defaults(action=run, json=False)
    command.add_argument("--cwd", default=".")
    command.add_argument("--no-capture-output", "--live-stream", action="store_true")
    command.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args()


def main():
    options = arguments()
    try:
        return options.action(options)
    except (CondaError, OSError) as error:
        name = error.name if isinstance(error, CondaError) else type(error).__name__
        if options.json:
            print(json.dumps({"success": False, "exception_name": name, "error": f"{name}: {error}", "message": str(error),
                              **getattr(error, "details", {})}, indent=2))
        else:
            print(f"\n{name}: {error}\n", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
END
} > "$prefix/bin/conda.new"
if ! chmod 755 "$prefix/bin/conda.new" || ! mv "$prefix/bin/conda.new" "$prefix/bin/conda"; then
    fail 'ERROR: the prefix could not be created.'
fi
ln -sfn ../bin/conda "$prefix/condabin/conda"
[ -e "$prefix/conda-meta/history" ] || : > "$prefix/conda-meta/history"
echo 'Installing base environment...'
"$prefix/bin/conda" install -q -y -p "$prefix" python conda > /dev/null || fail 'ERROR: the base environment could not be recorded.'
echo 'installation finished.'
