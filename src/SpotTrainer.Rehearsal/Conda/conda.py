"""The rehearsal's stand-in for conda: installs only packages that this machine's own Python has, and nothing else can be imported.

It prints what conda prints, on the commands that it has: the steps, the fields of --json, and the names of errors (conda/exceptions.py).
"""

import argparse
import contextlib
import glob
import hashlib
import importlib.metadata
import importlib.util
import json
import operator
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time

VERSION = "@CONDA@"
DISTRIBUTION = "@NAME@"
ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PLATFORM = "linux-aarch64" if platform.machine() == "aarch64" else "linux-64"
BUILD = "rehearsal_0"
CHANNEL = "http://10.77.0.1/rehearsal"
TERMS = ["https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"]
SYSTEM = "/usr/lib/python3/dist-packages"
# A machine of a rehearsal has it in a place of its own.
DPKG = next((path for path in ("/run/rehearsal/dpkg", "/var/lib/dpkg") if os.path.exists(path + "/status")), "")
# conda names that differ from the Python package's name, and conda packages that only stand for others.
ALIASES = {"matplotlib-base": "matplotlib", "pytorch": "torch", "py-xgboost": "xgboost", "py-opencv": "opencv-python",
           "opencv": "opencv-python", "pytables": "tables", "python-graphviz": "graphviz", "importlib_metadata": "importlib-metadata"}
BUNDLES = {"jupyter": ["notebook", "nbconvert", "ipykernel", "jupyter-core"]}
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


def formal(name, constraint, build):
    """A spec as conda writes it in its messages."""
    if build:
        return f"{name}[build={build}]" if constraint in ("", "=*") else f"{name}[version='{constraint.lstrip('=')}',build={build}]"
    return name + constraint if re.fullmatch(r"={0,2}[^=<>!~,|]*", constraint) else f"{name}[version='{constraint}']"


def parse_spec(spec):
    """Returns the name, the version, and the build of name, name=1.2, name==1.2.3, name>=1,<2, channel::name=1.2=build."""
    text = spec.split("::")[-1].strip()
    bracket = re.search(r"\[(?:.*?version\s*=\s*['\"]?([^'\"\]]*)['\"]?)?.*\]$", text)
    constraint = (bracket.group(1) or "") if bracket else ""
    text = text[:bracket.start()] if bracket else text
    match = re.fullmatch(r"([A-Za-z0-9_][\w.-]*)\s*(.*)", text)
    if match is None:
        raise CondaError("InvalidMatchSpec", f"Invalid spec '{spec}': not a package name")
    rest = match.group(2).strip() or constraint
    build = re.fullmatch(r"(=[^=<>!~,|]+)=([^=]+)", rest)
    constraint, wanted = (build.group(1), build.group(2)) if build else (rest, "")
    return match.group(1).lower(), "" if constraint == "=*" else constraint, wanted


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


class Debian:
    """What Debian's packages bring for Python, and what they need: many of Python's own lists of needs are empty there."""

    def __init__(self):
        self.contents, self.needs, self.owner, self.providers = {}, {}, {}, {}
        for path in glob.glob(f"{DPKG}/info/*.list"):
            with open(path, encoding="utf-8", errors="replace") as stream:
                files = [line[len(SYSTEM) + 1:] for line in stream.read().splitlines() if line.startswith(SYSTEM + "/")]
            if files:
                name = os.path.basename(path)[:-len(".list")].split(":")[0]
                self.contents[name] = files
                self.owner.update((file, name) for file in files if file.endswith(("-info")))
        with contextlib.suppress(OSError), open(f"{DPKG}/status", encoding="utf-8", errors="replace") as stream:
            for block in stream.read().split("\n\n"):
                name = re.search(r"^Package: (.*)$", block, re.MULTILINE)
                if name:
                    self.needs[name[1]] = self.names(block, "Depends")
                    for provided in self.names(block, "Provides"):
                        self.providers.setdefault(provided, []).append(name[1])

    @staticmethod
    def names(block, field):
        found = re.search(rf"^{field}: (.*)$", block, re.MULTILINE)
        return re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]*)", found[1]) if found else []

    def closure(self, names):
        found, waiting = set(), list(names)
        while waiting:
            name = waiting.pop()
            if name in self.contents and name not in found:
                found.add(name)
                waiting += self.needs.get(name, [])
            elif name.startswith("python3-"):
                waiting += [one for one in self.providers.get(name, []) if one not in found]
        return sorted(found)

    def entries(self, name):
        """The paths that bring all of a package: whole modules and packages, and parts of packages that several share."""
        found = set()
        for file in self.contents[name]:
            parts = file.split("/")
            path = parts[0]
            for part in parts[1:]:
                folder = os.path.join(SYSTEM, path)
                if not os.path.isdir(folder) or path.endswith("-info") or os.path.exists(os.path.join(folder, "__init__.py")):
                    break
                path += "/" + part
            if "__pycache__" not in path and os.path.exists(os.path.join(SYSTEM, path)) and not (
                    os.path.isdir(os.path.join(SYSTEM, path)) and file == path and not path.endswith("-info")
                    and not os.path.exists(os.path.join(SYSTEM, path, "__init__.py"))):
                found.add(path)
        return sorted(found)


def info_of(distribution):
    return os.path.basename(str(getattr(distribution, "_path", "")))


def closure(distributions, packages):
    """These packages and what they need: by name, the distribution and the paths of its modules. A path is (folder, name in it)."""
    debian, seen, done, waiting = Debian(), {}, set(), list(distributions)
    known = {info_of(distribution): distribution for distribution in packages.values()}
    while waiting:
        distribution = waiting.pop()
        name = normal(distribution.metadata["Name"])
        if name in seen:
            continue
        paths, owner = [], debian.owner.get(info_of(distribution))
        for package in debian.closure([owner]) if owner else []:
            others = [known[file] for file in debian.contents[package] if file in known]
            if package not in done and (package == owner or not others):
                done.add(package)
                paths += [(SYSTEM, path) for path in debian.entries(package)]
            waiting += others
        if not owner:
            # What pip has put into the machine's own folder.
            folder = str(distribution.locate_file(""))
            top = {str(path).split("/")[0] for path in distribution.files or []} | set((distribution.read_text("top_level.txt") or "").split())
            paths = [(folder, entry) for entry in sorted(top | {info_of(distribution)})
                     if entry not in ("..", "__pycache__") and os.path.exists(os.path.join(folder, entry))]
            for requirement in distribution.requires or []:
                need = packages.get(normal(re.match(r"[\w.-]+", requirement).group()))
                if need is not None and "extra ==" not in requirement:
                    waiting.append(need)
        seen[name] = (distribution, paths)
    return seen


def records(prefix):
    folder = os.path.join(prefix, "conda-meta")
    found = []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if name.endswith(".json"):
            with open(os.path.join(folder, name), encoding="utf-8") as stream:
                found.append(json.load(stream))
    return found


def base_of(name, version):
    return f"{name}-{version}-{BUILD}"


def record(prefix, name, version, files=(), spec=None):
    values = {"name": name, "version": version, "build": BUILD, "build_number": 0, "channel": CHANNEL, "subdir": PLATFORM,
              "url": f"{CHANNEL}/{PLATFORM}/{base_of(name, version)}.conda", "fn": f"{base_of(name, version)}.conda",
              "md5": md5(name, version), "files": list(files)}
    if spec:
        values["requested_spec"] = spec
    with open(os.path.join(prefix, "conda-meta", f"{base_of(name, version)}.json"), "w", encoding="utf-8") as stream:
        json.dump(values, stream, indent=2)


def md5(name, version):
    return hashlib.md5(base_of(name, version).encode(), usedforsecurity=False).hexdigest()


def history(prefix, lines):
    with open(os.path.join(prefix, "conda-meta", "history"), "a", encoding="utf-8") as stream:
        stream.write(time.strftime("==> %Y-%m-%d %H:%M:%S <==\n"))
        stream.write(f"# cmd: {' '.join(sys.argv)}\n# conda version: {VERSION}\n")
        stream.writelines(line + "\n" for line in lines)


def site(prefix):
    return f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


def link(prefix, distribution, paths, made):
    """Makes a package and its commands part of a prefix, and adds each path to a list. Jupyter finds its kernel before the system's."""
    python = os.path.join(prefix, "bin", "python")
    for folder, path in paths:
        place = os.path.join(site(prefix), path)
        os.makedirs(os.path.dirname(os.path.join(prefix, place)), exist_ok=True)
        if not os.path.lexists(os.path.join(prefix, place)):
            os.symlink(os.path.join(folder, path), os.path.join(prefix, place))
        whole = os.path.join(place, "__init__.py")
        made.append(whole if os.path.exists(os.path.join(prefix, whole)) else place)
    for entry in distribution.entry_points:
        module, _, attribute = entry.value.partition(":")
        attribute = attribute.split("[")[0].strip()
        if entry.group != "console_scripts" or not attribute or importlib.util.find_spec(module.split(".")[0]) is None:
            continue
        with open(os.path.join(prefix, "bin", entry.name), "w", encoding="utf-8") as stream:
            stream.write(f"#!{python}\nimport sys\n\nfrom {module.strip()} import {attribute.split('.')[0]}\n\n"
                         f"sys.exit({attribute}())\n")
        os.chmod(os.path.join(prefix, "bin", entry.name), 0o755)
        made.append(f"bin/{entry.name}")
    if normal(distribution.metadata["Name"]) == "ipykernel":
        kernel = "share/jupyter/kernels/python3/kernel.json"
        os.makedirs(os.path.dirname(os.path.join(prefix, kernel)), exist_ok=True)
        with open(os.path.join(prefix, kernel), "w", encoding="utf-8") as stream:
            json.dump({"argv": [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                       "display_name": "Python 3 (ipykernel)", "language": "python", "metadata": {"debugger": True}}, stream, indent=1)
        made.append(kernel)


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
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", prefix], check=True)
    for name in os.listdir(os.path.join(prefix, "bin")):
        if name.lower().startswith("activate"):
            os.unlink(os.path.join(prefix, "bin", name))
    os.makedirs(os.path.join(prefix, "conda-meta"), exist_ok=True)


def confirm(options):
    if options.yes or options.json:
        return
    print("Proceed ([y]/n)? ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CondaError("CondaSystemExit", "Exiting.")


def require_terms(options):
    """conda-anaconda-tos: without a terminal, it refuses channels whose terms nobody has accepted."""
    channels = options.channel or []
    asked = [] if options.override_channels or DISTRIBUTION == "Miniforge3" else list(TERMS)
    asked += [url for channel in channels for url in (TERMS if channel == "defaults" else [channel] if channel in TERMS else [])]
    open_terms = [url for url in dict.fromkeys(asked) if not os.path.exists(terms_file(url))]
    if open_terms:
        raise CondaError(
            "CondaToSNonInteractiveError",
            "Terms of Service have not been accepted for the following channels. Please accept or remove them before proceeding:\n"
            + "".join(f"    - {url}\n" for url in open_terms)
            + "\nTo accept these channels' Terms of Service, run the following commands:\n"
            + "".join(f"    conda tos accept --override-channels --channel {url}\n" for url in open_terms))


def terms_file(url):
    return os.path.join(os.path.expanduser("~/.conda/tos"), hashlib.md5(url.encode(), usedforsecurity=False).hexdigest(), "1.json")


def accept_terms(options):
    for url in options.channel or TERMS:
        os.makedirs(os.path.dirname(terms_file(url)), exist_ok=True)
        with open(terms_file(url), "w", encoding="utf-8") as stream:
            json.dump({"base_url": url, "tos_accepted": True}, stream)
        if not options.json:
            print(f"accepted Terms of Service for {url}")
    if options.json:
        print(json.dumps({url: "accepted" for url in options.channel or TERMS}))
    return 0


def explicit(specs):
    """The names and versions of addresses of packages."""
    found = []
    for spec in specs:
        url = spec.split("#")[0]
        match = re.fullmatch(r"(.+)-([^-]+)-([^-]+)\.(?:conda|tar\.bz2)", os.path.basename(url))
        if match is None or match[3] != BUILD:
            raise CondaError("CondaHTTPError", f"HTTP 404 NOT FOUND for url <{url}>\nElapsed: 00:00.010000\n")
        found.append((match[1], match[2], url))
    return found


class Transaction:
    """Links packages, or takes back what it has linked. SIGTERM ends it, as it ends conda."""

    def __init__(self, prefix, say):
        self.prefix, self.say, self.made = prefix, say, []

    def run(self, linked, new, held):
        before = signal.signal(signal.SIGTERM, self.stop)
        try:
            files = {}
            for name, (distribution, paths) in linked.items():
                begin = len(self.made)
                link(self.prefix, distribution, paths, self.made)
                files[name] = self.made[begin:]
            # The records are written when everything is linked.
            for name, (version, spec) in new.items():
                for old in glob.glob(os.path.join(glob.escape(self.prefix), "conda-meta", f"{name}-*-{BUILD}.json")) if name in held else []:
                    os.unlink(old)
                record(self.prefix, name, version, files.get(normal(ALIASES.get(name, name)), ()), spec)
        except CondaError:
            self.say("Rolling back transaction: ...working... done")
            for path in self.made:
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(self.prefix, path[:-len("/__init__.py")] if path.endswith("/__init__.py") else path))
            raise
        finally:
            signal.signal(signal.SIGTERM, before)

    def stop(self, number, _):
        raise CondaError("CondaSignalInterrupt", "Signal interrupt SIGTERM")


def choose(specs, packages):
    """What the specs mean here: by conda name, version and spec; and the distributions."""
    chosen, missing, wanted = {}, [], []
    for spec in specs:
        name, constraint, build = parse_spec(spec)
        found = find(name, packages)
        if found is None or build or (constraint and not satisfies(found[0], constraint)):
            missing.append(formal(name, constraint, build))
            continue
        chosen[name] = (found[0], spec)
        wanted += found[1]
    return chosen, missing, wanted


def install(options):
    """install, create and update: installs everything requested, or nothing."""
    say = (lambda *_: None) if options.json or options.quiet else print
    specs = list(options.packages)
    is_explicit = False
    for path in options.file or []:
        with open(path, encoding="utf-8") as stream:
            lines = [line.strip() for line in stream if line.strip() and not line.startswith("#")]
        is_explicit |= "@EXPLICIT" in lines
        specs += [line for line in lines if line != "@EXPLICIT"]
    if not is_explicit:
        require_terms(options)
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

    packages = machine_packages()
    if is_explicit:
        urls = explicit(specs)
        chosen, missing, wanted = choose([f"{name}=={version}" for name, version, _ in urls], packages)
        if missing:
            url = next(url for name, version, url in urls if f"{name}=={version}" in missing)
            raise CondaError("CondaHTTPError", f"HTTP 404 NOT FOUND for url <{url}>\nElapsed: 00:00.010000\n")
    else:
        say(f"Channels:\n - rehearsal (the packages of this machine's own Python)\nPlatform: {PLATFORM}")
        say("Collecting package metadata (repodata.json): ...working... done")
        chosen, missing, wanted = choose(specs, packages)
        if missing:
            say("Solving environment: ...working... failed")
            listed = "".join(f"  - {spec}\n" for spec in missing)
            raise CondaError(
                "PackagesNotFoundError",
                f"The following packages are not available from current channels:\n\n{listed}\n"
                "Current channels:\n\n  - rehearsal\n\n"
                "This is the rehearsal's stand-in. It has only the packages of this machine's own Python.",
                packages=missing, packages_formatted=listed.rstrip("\n"), channel_urls=["rehearsal"], channels_formatted="  - rehearsal")
        say("Solving environment: ...working... done\n")
    linked = closure(wanted, packages)
    for name, (distribution, _) in linked.items():
        chosen.setdefault(name, (distribution.version, None))
    if creating:
        chosen.setdefault("python", (platform.python_version(), None))
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
    say("".join(f"  {name:18} {version}-{BUILD}\n" for name, (version, _) in new.items()))
    if not options.dry_run:
        confirm(options)
        if options.json and not options.quiet:
            for name, (version, _) in new.items():
                for state in '"finished":false,"maxval":1,"progress":0.500000', '"finished":true,"maxval":1,"progress":1':
                    sys.stdout.write(f'{{"fetch":"{name}-{version} | 1 KB | ",{state}}}\n\0')
            sys.stdout.flush()
        if creating:
            shutil.rmtree(prefix, ignore_errors=True)
            lay_out(prefix)
        say("Preparing transaction: ...working... done\nVerifying transaction: ...working... done")
        Transaction(prefix, say).run(linked, new, held)
        history(prefix, [f"+rehearsal::{base_of(name, version)}" for name, (version, _) in new.items()] + [f"# update specs: {sorted(specs)}"])
        say("Executing transaction: ...working... done")
    if options.json:
        actions = [{"base_url": CHANNEL, "build_number": 0, "build_string": BUILD, "channel": "rehearsal", "dist_name": base_of(name, version),
                    "name": name, "platform": PLATFORM, "version": version} for name, (version, _) in new.items()]
        print(json.dumps({"success": True, "prefix": prefix, "dry_run": options.dry_run,
                          "actions": {"FETCH": [], "LINK": actions, "PREFIX": prefix}}, indent=2))
    return 0


def remove(options):
    """Removes packages, and their commands. What they needed stays."""
    prefix = existing(options)
    if options.all:
        shutil.rmtree(prefix)
        print(json.dumps({"success": True}) if options.json else "Everything found within the environment was removed.")
        return 0
    held = {entry["name"]: entry for entry in records(prefix)}
    missing = [name for name in options.packages if name not in held]
    if missing:
        listed = "".join(f"  - {name}\n" for name in missing)
        raise CondaError("PackagesNotFoundError", f"The following packages are missing from the target environment:\n{listed}",
                         packages=missing, packages_formatted=listed.rstrip("\n"))
    confirm(options)
    for name in options.packages:
        for path in held[name]["files"]:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(prefix, path[:-len("/__init__.py")] if path.endswith("/__init__.py") else path))
        os.unlink(os.path.join(prefix, "conda-meta", f"{base_of(name, held[name]['version'])}.json"))
    history(prefix, [f"-rehearsal::{base_of(name, held[name]['version'])}" for name in options.packages])
    if options.json:
        print(json.dumps({"success": True, "prefix": prefix, "actions": {"PREFIX": prefix, "UNLINK": [{"name": name} for name in options.packages]}}))
    else:
        print("Preparing transaction: ...working... done\nVerifying transaction: ...working... done\nExecuting transaction: ...working... done")
    return 0


def create_environment(options):
    """env create: an environment.yml."""
    try:
        import yaml
    except ImportError as error:
        raise CondaError("CondaEnvException", "This machine's Python has no yaml, which the stand-in needs for environment.yml.") from error
    try:
        with open(options.file, encoding="utf-8") as stream:
            content = yaml.safe_load(stream)
    except FileNotFoundError as error:
        raise CondaError("EnvironmentFileNotFound", f"'{os.path.abspath(options.file)}' file not found") from error
    except yaml.YAMLError as error:
        raise CondaError("EnvironmentFileInvalid", f"Unable to parse file {options.file}: {error}") from error
    options.name = options.name or (None if options.prefix else (content or {}).get("name"))
    options.packages = [spec for spec in (content or {}).get("dependencies", []) if isinstance(spec, str)]
    options.command, options.file, options.all, options.dry_run = "create", None, False, False
    options.channel, options.override_channels = (content or {}).get("channels", []), True
    return install(options)


def set_variables(options):
    """env config vars set: the variables of an environment."""
    path = os.path.join(existing(options), "conda-meta", "state")
    state = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as stream:
            state = json.load(stream)
    for pair in options.pairs:
        name, found, value = pair.partition("=")
        if not found:
            raise CondaError("ArgumentError", f"'{pair}' is not NAME=VALUE")
        state.setdefault("env_vars", {})[name] = value
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(state, stream)
    return 0


def list_packages(options):
    prefix = existing(options)
    entries = [entry for entry in records(prefix) if not options.regex or re.search(options.regex, entry["name"])]
    if options.explicit:
        print(f"# This file may be used to create an environment using:\n# $ conda create --name <env> --file <this file>\n# platform: {PLATFORM}")
        print("@EXPLICIT")
        for entry in entries:
            print(entry["url"] + (f"#{entry['md5']}" if options.md5 else ""))
        return 0
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
              "envs_dirs": [os.path.join(ROOT, "envs")], "virtual_pkgs": [["__unix", "0", "0"], ["__linux", "6.1", "0"], ["__glibc", "2.36", "0"]]
              + ([["__cuda", os.environ["CONDA_OVERRIDE_CUDA"], "0"]] if os.environ.get("CONDA_OVERRIDE_CUDA") else []),
              "offline": True, "user_rc_path": os.path.expanduser("~/.condarc")}
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
    parser.add_argument("-V", "--version", action="version", version=f"conda {VERSION}")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("-p", "--prefix")
    where.add_argument("-n", "--name")
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument("--json", action="store_true")
    output.add_argument("-q", "--quiet", action="store_true")
    output.add_argument("-v", "--verbose", action="count")
    output.add_argument("-y", "--yes", action="store_true")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(within, name, action, *parents):
        command = within.add_parser(name, parents=[*parents, output])
        command.set_defaults(action=action)
        return command

    for name in ("install", "create", "update", "upgrade"):
        command = add(commands, name, install, where)
        command.add_argument("packages", nargs="*", metavar="package_spec")
        command.add_argument("-d", "--dry-run", action="store_true")
        command.add_argument("--all", action="store_true")
        command.add_argument("--file", action="append")
        # These select the source and the solver. Here there is only one source and one solution.
        command.add_argument("-c", "--channel", action="append")
        command.add_argument("--override-channels", action="store_true")
        command.add_argument("--solver", help=argparse.SUPPRESS)
        for option in ("--strict-channel-priority", "--no-channel-priority", "--freeze-installed", "--update-deps", "--force-reinstall",
                       "--offline", "--insecure"):
            command.add_argument(option, action="store_true", help=argparse.SUPPRESS)
    for name in ("remove", "uninstall"):
        command = add(commands, name, remove, where)
        command.add_argument("packages", nargs="*", metavar="package_name")
        command.add_argument("--all", action="store_true")
    command = add(commands, "list", list_packages, where)
    command.add_argument("regex", nargs="?")
    command.add_argument("--explicit", action="store_true")
    command.add_argument("--md5", action="store_true")
    environment = commands.add_parser("env").add_subparsers(dest="subcommand", required=True)
    add(environment, "list", list_environments)
    command = add(environment, "create", create_environment, where)
    command.add_argument("-f", "--file", default="environment.yml")
    command = add(environment.add_parser("config").add_subparsers(dest="what", required=True).add_parser("vars").add_subparsers(
        dest="how", required=True), "set", set_variables, where)
    command.add_argument("pairs", nargs="*")
    command = add(commands.add_parser("tos").add_subparsers(dest="subcommand", required=True), "accept", accept_terms)
    command.add_argument("-c", "--channel", action="append")
    command.add_argument("--override-channels", action="store_true")
    command = add(commands, "clean", lambda options: 0)
    command.add_argument("--packages", action="store_true")
    add(commands, "info", info)
    command = add(commands, "config", config)
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
            print(json.dumps({"caused_by": "None", "error": f"{name}: {error}", "exception_name": name,
                              "exception_type": f"<class 'conda.exceptions.{name}'>", "message": str(error),
                              **getattr(error, "details", {})}, indent=2, sort_keys=True))
        else:
            print(f"\n{name}: {error}\n", file=sys.stderr)
        return 2 if name == "ArgumentError" else 1


if __name__ == "__main__":
    sys.exit(main())
