#!/bin/sh
#
# NAME:  @NAME@
# VER:   @VERSION@
# PLAT:  @PLATFORM@
# MD5:   @MD5@
#
# The rehearsal's stand-in for an installer of constructor. It has the real one's flags, messages, and exit codes, and creates a prefix on top
# of the machine's own Python. It downloads nothing and fakes no module: conda does not find a package that this Python lacks.
set -eu

# The real installer takes any other name as a sign that it was sourced.
if ! echo "$0" | grep '\.sh$' > /dev/null; then
    printf 'Please run using "bash"/"dash"/"sh"/"zsh", but not "." or "source".\n' >&2
    exit 1
fi
PREFIX=$HOME/@DEFAULT@
BATCH=0
FORCE=0
USAGE="
usage: $0 [options]

Installs the rehearsal's stand-in for @NAME@ @VERSION@

-b           run install in batch mode (without manual intervention),
             it is expected the license terms (if any) are agreed upon
-f           no error if install prefix already exists
-h           print this help message and exit
-p PREFIX    install prefix, defaults to $PREFIX, must not contain spaces.
-s           skip running pre/post-link/install scripts
-u           update an existing installation
-t           run package tests after installation (may install conda-build)
"
while getopts "bifhkp:sut" x; do
    case "$x" in
        h)
            printf "%s\\n" "$USAGE"
            exit 2
            ;;
        b) BATCH=1 ;;
        i) BATCH=0 ;;
        f | u) FORCE=1 ;;
        p) PREFIX="$OPTARG" ;;
        k | s | t) ;;
        ?)
            printf "ERROR: did not recognize option '%s', please try -h\\n" "$x"
            exit 1
            ;;
    esac
done
if [ "$BATCH" = 0 ]; then
    printf 'Welcome to @NAME@ @VERSION@\n\nIn order to continue the installation process, please review the license\nagreement.\nPlease, press ENTER to continue\n>>> '
    read -r dummy
    printf 'Do you accept the license terms? [yes|no]\n>>> '
    read -r dummy
    case $dummy in
        [Yy] | [Yy][Ee][Ss]) ;;
        *)
            printf "The license agreement wasn't approved, aborting installation.\\n"
            exit 2
            ;;
    esac
fi
case "$PREFIX" in
    *\ *)
        printf 'ERROR: Cannot install into directories with spaces\n' >&2
        exit 1
        ;;
esac
if [ "$FORCE" = 0 ] && [ -e "$PREFIX" ]; then
    printf "ERROR: File or directory already exists: '%s'\n" "$PREFIX" >&2
    printf 'If you want to update an existing installation, use the -u option.\n' >&2
    exit 1
fi
if ! mkdir -p "$PREFIX"; then
    printf "ERROR: Could not create directory: '%s'.\n" "$PREFIX" >&2
    printf 'Check permissions and available disk space (1 MB needed).\n' >&2
    exit 1
fi
PREFIX=$(cd "$PREFIX" && pwd -P)
printf 'PREFIX=%s\n' "$PREFIX"
printf "This is the rehearsal's stand-in for @NAME@. It has only the packages of this machine's own Python.\n"

# The real one warns, too, and goes on.
last=$(grep -anm 1 '^@@END_HEADER@@' "$0" | sed 's/:.*//')
MD5=$(tail -n +$((last + 1)) "$0" | md5sum)
if ! echo "$MD5" | grep @MD5@ > /dev/null; then
    printf 'WARNING: md5sum mismatch of tar archive\n' >&2
    printf 'expected: @MD5@\n' >&2
    printf '     got: %s\n' "$MD5" >&2
fi
printf 'Unpacking bootstrapper...\n'
if [ ! -x /usr/bin/python3 ]; then
    printf 'ERROR: this machine has no /usr/bin/python3, which the prefix needs.\n' >&2
    exit 1
fi
mkdir -p "$PREFIX/install_tmp" "$PREFIX/bin"
{
    echo '#!/usr/bin/python3 -IB'
    tail -n +$((last + 1)) "$0"
} > "$PREFIX/_conda"
chmod +x "$PREFIX/_conda"
printf 'Unpacking payload...\n'
/usr/bin/python3 -m venv --without-pip "$PREFIX"
rm -f "$PREFIX"/bin/[Aa]ctivate*
mkdir -p "$PREFIX/condabin" "$PREFIX/conda-meta" "$PREFIX/envs" "$PREFIX/pkgs" "$PREFIX/etc/profile.d" "$PREFIX/etc/conda/activate.d"
cp "$PREFIX/_conda" "$PREFIX/bin/conda"
ln -sfn ../bin/conda "$PREFIX/condabin/conda"
cat > "$PREFIX/bin/activate" << END
. "$PREFIX/etc/profile.d/conda.sh" && conda activate "\$@"
END
cat > "$PREFIX/etc/profile.d/conda.sh" << END
export CONDA_EXE='$PREFIX/bin/conda'
END
cat >> "$PREFIX/etc/profile.d/conda.sh" << 'END'
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
printf '\nInstalling base environment...\n\n'
printf 'Preparing transaction: ...working... done\n'
"$PREFIX/bin/conda" install -q -y --override-channels -p "$PREFIX" python conda > /dev/null || exit 1
printf 'Executing transaction: ...working... done\n'
rm -rf "$PREFIX/install_tmp"
printf 'installation finished.\n'
exit 0
# shellcheck disable=SC2317
@@END_HEADER@@
