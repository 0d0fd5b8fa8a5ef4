#!/bin/bash
# install_conda.sh PREFIX MIRROR CHANNEL PACKAGE...: installs Miniconda and the packages. What is already installed is kept.
# The last two lines of its output are the versions of conda and of Python.
set -eu
prefix=$1 mirror=$2 channel=$3
shift 3
case $prefix in \~/*) prefix=$HOME/${prefix#\~/} ;; esac

if [ ! -x "$prefix/bin/conda" ]; then
    # The installer refuses to run under a name that does not end in .sh.
    folder=$(mktemp -d "${TMPDIR:-/tmp}/miniconda.XXXXXX")
    trap 'rm -rf "$folder"' EXIT
    installer=$folder/miniconda.sh
    curl -fsSL --retry 5 --retry-all-errors -o "$installer" "$mirror/Miniconda3-latest-Linux-$(uname -m).sh"
    mkdir -p "${prefix%/*}"
    # -u completes a prefix that an interrupted installation left unfinished.
    bash "$installer" -b -u -p "$prefix"
fi
if [ $# -gt 0 ]; then
    "$prefix/bin/conda" install -y -q -p "$prefix" --override-channels -c "$channel" "$@"
fi
"$prefix/bin/conda" --version
"$prefix/bin/python" -c 'import platform; print(platform.python_version())'
