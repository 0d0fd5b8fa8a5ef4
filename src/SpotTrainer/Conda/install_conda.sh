#!/bin/bash
# Installs a Python stack, or completes one. What is already right is kept. The sender puts these assignments before it:
#   prefix            the folder of the base stack, which may begin with ~/
#   name              the name of the environment in it; empty for the base itself
#   installer         what the base must be made with: DISTRIBUTION and VERSION; empty if any will do
#   file              the installer's file name, in which ARCH is the machine's architecture
#   address           where the file is: a folder
#   sums              the addresses of the file with its SHA-256; empty if it is in sha256
#   sha256            SHA-256 of the installer: of each ARCHITECTURE=HASH, or of any
#   stall             the seconds after which a download that hardly moves ends
#   force             not empty to rebuild the stack
#   wishes            what the user asked for, as a text
#   specs, channels   arrays: what conda installs, and from where
#   modules           array: the packages to import at the end
#   gpu               not empty if packages need a GPU's driver
#   terms             array: the channels whose terms the user has accepted
#   lock, platform    the text of a lock file, and conda's name of the machines that it is for; empty for none
#   pip               the lines of a requirements file; empty for none
#   variables         array: NAME=VALUE for the environment
#   is_default        not empty if this is to be the user's default stack
#   report_stack      the text of report_stack.py
#
# Standard output has words between nulls that begin with @, and what conda and the installer say:
#   @waiting: another call has the folder. @phase NAME. @bytes DONE TOTAL: the download (TOTAL is 0 if it is not known). @had TEXT: what was
#   there. @ended CODE: the program of this phase has ended. @failed KIND TEXT: the end. @result JSON: the end, by report_stack.py.
# PREFIX/.spottrainer has, for the base (base) and each environment (env-NAME): KEY.state (building, changing, or complete), KEY.installer,
# KEY.wishes, KEY.print, KEY.result, KEY.history (conda's own record), and KEY.absent (files that were not there when it was complete). A
# folder without that is not the module's.
# The assignments stand before it.
# shellcheck disable=SC2154
set -u -o pipefail
umask 022
export LC_ALL=C.UTF-8 CONDA_REPORT_ERRORS=false CONDA_NUMBER_CHANNEL_NOTICES=0 CONDA_AUTO_UPDATE_CONDA=false CONDA_NOTIFY_OUTDATED_CONDA=false
export CONDA_PLUGINS_AUTO_ACCEPT_TOS=false
export PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off PIP_NO_COLOR=1
# Conda takes the terms as accepted where it finds the sign of a build server.
unset CI PYTHONPATH PYTHONHOME CONDA_PREFIX CONDA_SHLVL

say() { printf '\0@%s\0' "$*"; }
fail() {
    say "failed $*"
    exit 9
}

case $prefix in \~/*) prefix=$HOME/${prefix#\~/} ;; esac
parent=${prefix%/*}
base=${prefix##*/}
target=$prefix key=base
[ -z "$name" ] || target=$prefix/envs/$name key=env-$name
own=$prefix/.spottrainer
package=$parent/.$base-installer.sh

mkdir -p -- "$parent" 2> /dev/null || fail denied "$parent"
[ -w "$parent" ] || [ -w "$prefix" ] || fail denied "$parent"
for program in curl flock sha256sum; do
    command -v "$program" > /dev/null || fail missing "$program"
done
# Whatever this call starts has the lock, too: after Ctrl+C, conda may need seconds to take back what it has done.
exec 9>> "$parent/.$base.lock" || fail denied "$parent"
if ! flock -n 9; then
    say waiting
    flock 9
fi
errors=$(mktemp) || fail full "${TMPDIR:-/tmp}"
trap 'rm -f -- "$errors" "$package"' EXIT
trap 'exit 143' HUP INT TERM
rm -rf -- "$package" "$package".* "$parent/.$base.new"

# A stack is the same as long as it has the same packages.
print_of() {
    { ls "$1/conda-meta"; ls -d "$1"/lib/python3*/site-packages/*.dist-info; } 2> /dev/null | sha256sum
}
# Reads a file of this stack; nothing if it is not there.
had() { cat "$own/$1" 2> /dev/null; }
note() {
    { printf '%s' "$2" > "$own/$1.new" && mv -f "$own/$1.new" "$own/$1"; } || fail full "$prefix"
}
# Whether python runs, conda has a record of what it did, and no installer was cut off.
is_sound() {
    [ -s "$1/conda-meta/history" ] && [ ! -e "$1/install_tmp" ] && "$1/bin/python" -I -c '' 2> /dev/null
}
# Whether all files of all packages are there. Whoever was cut off may have deleted the old ones.
is_whole() { is_sound "$1" && "$1/bin/python" -I -c "$report_stack" whole "$1" "$own/$2.absent" 9>&-; }
# Conda 25.11 to 26.5 deletes its record when it takes back what it did (conda #16474), and does not know the folder after that.
mend() { [ ! -s "$own/$2.history" ] || [ -s "$1/conda-meta/history" ] || cp -- "$own/$2.history" "$1/conda-meta/history" 2> /dev/null || :; }

if [ -e "$prefix" ] || [ -L "$prefix" ]; then
    [ -s "$own/base.state" ] || fail foreign "$prefix"
    has=$(had base.installer)
    state=$(had base.state)
    mend "$prefix" base
    if [ "$key" = base ] && [ -n "$force" ]; then
        say had force
        rm -rf -- "$prefix" || fail denied "$prefix"
    elif [ "$state" = building ] || { [ "$state" = changing ] && ! is_whole "$prefix" base; } || ! is_sound "$prefix"; then
        # What a user made in there is not the module's to delete.
        for each in "$prefix"/envs/*/; do
            each=${each%/}
            [ ! -d "$each" ] || [ -s "$own/env-${each##*/}.state" ] || fail unsound "$prefix"
        done
        say had ruin
        rm -rf -- "$prefix" || fail denied "$prefix"
    elif [ -n "$installer" ] && [ "$has" != "$installer" ] && [ "${has%% *}" != "$installer" ]; then
        fail differs "$has"
    fi
fi

if [ "$(had "$key.state")" = complete ] && [ -z "$force" ] && [ "$(had "$key.wishes")" = "$wishes" ] &&
    [ "$(had "$key.print")" = "$(print_of "$target")" ] && is_sound "$target"; then
    same=yes
else
    same=
fi

if [ ! -e "$prefix" ]; then
    architecture=$(uname -m)
    file=${file/ARCH/$architecture}
    say phase download
    case " $sha256 " in
        *" $architecture="*) sha256=${sha256#*"$architecture="} && sha256=${sha256%% *} ;;
        *=*) [ -n "$sums" ] || fail architecture "$architecture $file" && sha256= ;;
    esac
    # Gets a file, within limits: of time to connect, of speed, and of size.
    get() {
        local proto='=https'
        case $1 in http:*) proto='=http,https' ;; esac
        curl -q -sSL --proto "$proto" --connect-timeout 10 --speed-limit 1024 --speed-time "$stall" --retry 3 --max-filesize 4G \
            -o "$2" -D "$2.head" -w '%{http_code}' "$1" 2> "$errors" < /dev/null
    }
    got() {
        [ "$1" = 0 ] && [ "$2" = 200 ] && return
        case $1-$2 in
            *-404 | *-410) fail absent "$3" ;;
            0-*) fail refused "$2 $3" ;;
            23-*) fail full "$parent" ;;
            28-*) fail slow "$3" ;;
            63-*) fail huge "$3" ;;
            *) fail unreachable "$3 $(tail -n 1 "$errors")" ;;
        esac
    }
    trap 'rm -f -- "$errors" "$package" "$package".*' EXIT
    if [ -z "$sha256" ]; then
        code=$(get "${sums/ARCH/$architecture}" "$package.sum")
        got $? "$code" "${sums/ARCH/$architecture}"
        read -r sha256 rest < "$package.sum" || :
        case $sha256 in
            *[!0-9a-f]* | '') fail page "${sums/ARCH/$architecture}" ;;
        esac
    fi
    get "$address/$file" "$package" > "$package.code" &
    download=$!
    while kill -0 $download 2> /dev/null; do
        total=$(tr -d '\r' 2> /dev/null < "$package.head" | sed -n 's/^[Cc]ontent-[Ll]ength: *//p' | tail -n 1)
        done=$(stat -c %s "$package" 2> /dev/null)
        say bytes "${done:-0}" "${total:-0}"
        sleep 0.3
    done
    wait $download
    got $? "$(cat "$package.code")" "$address/$file"

    say phase verify
    # What the installer says of itself tells a torn download, and a page in its place, from another file.
    IFS= read -r first < "$package" 2> /dev/null
    case $first in '#!/bin/sh' | '#!/bin/bash') ;; *) fail page "$address/$file" ;; esac
    about=$(head -c 65536 "$package" | tr -d '\0' | sed -n 's/^# \([A-Z0-9]*\): *\([0-9a-f]*\)$/\1=\2/p')
    told() { printf '%s\n' "$about" | sed -n "s/^$1=//p" | head -n 1; }
    # The header of constructor ends with a line of its own, and before 2020 with the line before LINES.
    line=$(grep -anm 1 '^@@END_HEADER@@' "$package" | cut -d : -f 1)
    if [ -n "$line" ]; then line=$((line + 1)); else line=$(told LINES); fi
    size=$(told BYTES)
    { [ -n "$line" ] && [ "${size:-$(stat -c %s "$package")}" = "$(stat -c %s "$package")" ]; } || fail torn "$address/$file"
    sum=$(tail -n "+$line" "$package" | md5sum)
    [ "${sum%% *}" = "$(told MD5)" ] || fail torn "$address/$file"
    actual=$(sha256sum < "$package")
    actual=${actual%% *}
    [ "$actual" = "$sha256" ] || fail changed "$actual $sha256 $address/$file"

    say phase unpack
    # Whoever makes the folder owns it. The installer wants -f for one that is there.
    { mkdir -p -- "$parent/.$base.new/.spottrainer" && printf building > "$parent/.$base.new/.spottrainer/base.state" &&
        mv -T -- "$parent/.$base.new" "$prefix"; } || fail denied "$parent"
    note base.installer "$(printf '%s\n' "$file" | sed 's/^\([A-Za-z0-9]*\)-\(.*\)-Linux-.*/\1 \2/')"
    bash "$package" -b -f -p "$prefix" < /dev/null 2> "$errors"
    code=$?
    say ended $code
    [ $code = 0 ] || fail installer "$code $(tail -n 5 "$errors")"
    is_sound "$prefix" || fail unsound "$prefix"
    note base.state complete
    rm -f -- "$package"
fi

conda=$prefix/bin/conda
# Runs conda. What it prints is JSON: its progress, and at the end one object.
run() {
    "$conda" "$@" < /dev/null 2> "$errors"
    code=$?
    say ended $code
    # Where conda's own report fails, its reason stands above the traceback of that.
    [ $code = 0 ] || fail conda "$code $({ grep -aE '^(conda\.|[A-Za-z]*Error: )|No space left on device' "$errors" |
        grep -av 'dump_map\|JSON serializable' || tail -n 20 "$errors"; } | tail -n 5)"
}
if [ -z "$same" ]; then
    [ -z "$gpu" ] || "$conda" info --json < /dev/null 2> /dev/null | grep -q '"__cuda"' || fail gpu "$(uname -m)"
    for channel in ${terms[@]+"${terms[@]}"}; do
        say phase terms
        run tos accept --override-channels --channel "$channel" --json
    done
    case $platform-$(uname -m) in -* | linux-64-x86_64 | linux-aarch64-aarch64) ;; *) fail platform "$platform $(uname -m)" ;; esac
    verb=install
    if [ -n "$name" ]; then
        mend "$target" "$key"
        if [ -e "$target" ] && { [ -n "$force" ] || [ "$(had "$key.state")" != complete ] || ! is_sound "$target"; }; then
            [ -s "$own/$key.state" ] || fail foreign "$target"
            if [ -n "$force" ] || [ "$(had "$key.state")" != changing ] || ! is_whole "$target" "$key"; then
                say had ruin
                rm -rf -- "$target" || fail denied "$target"
            fi
        fi
        [ -e "$target" ] || verb=create
    fi
    # Whoever was cut off may have unpacked half of a package, which conda would take for a whole one. The archives stay.
    case $(cat "$own"/*.state) in *building* | *changing*) "$conda" clean --packages -y < /dev/null > /dev/null 2>&1 ;; esac
    [ ! -s "$target/conda-meta/history" ] || cp -- "$target/conda-meta/history" "$own/$key.history" || fail full "$prefix"
    if [ $verb = create ]; then note "$key.state" building; else note "$key.state" changing; fi
    rm -f -- "$own/$key.wishes"
    say phase solve
    if [ -n "$lock" ]; then
        printf '%s\n' "$lock" > "$own/$key.lock" || fail full "$prefix"
        run $verb --json -y -p "$target" --file "$own/$key.lock"
    else
        run $verb --json -y -p "$target" --override-channels "${channels[@]/#/--channel=}" "${specs[@]}"
    fi
    [ ${#variables[@]} = 0 ] || run env config vars set -p "$target" "${variables[@]}"
    if [ -n "$pip" ]; then
        say phase pip
        printf '%s\n' "$pip" > "$own/$key.pip" || fail full "$prefix"
        "$target/bin/python" -m pip install -r "$own/$key.pip" < /dev/null 2> "$errors"
        code=$?
        say ended $code
        [ $code = 0 ] || fail pip "$code $(grep -m 5 '^ERROR' "$errors" || tail -n 5 "$errors")"
    fi
    is_sound "$target" || fail unsound "$target"
    say phase check
    "$target/bin/python" -I -c "$report_stack" report "$target" "$prefix" "${modules[@]}" > "$own/$key.result.new" 2> "$errors" < /dev/null ||
        fail unsound "$target $(tail -n 1 "$errors")"
    mv -f -- "$own/$key.result.new" "$own/$key.result"
    "$target/bin/python" -I -c "$report_stack" absent "$target" > "$own/$key.absent"
    note "$key.print" "$(print_of "$target")"
    # What cannot be imported is tried again next time.
    grep -q '"errors": \[\]' "$own/$key.result" && note "$key.wishes" "$wishes"
    note "$key.state" complete
fi

# Makes the stack the one that a login shell, and each command, finds.
if [ -n "$is_default" ]; then
    settings=$HOME/.config/spottrainer
    line='[ ! -r ~/.config/spottrainer/env.sh ] || . ~/.config/spottrainer/env.sh'
    ( umask 077 && mkdir -p "$settings" && printf '. "%s"\n' "$target/.spottrainer/activate.sh" > "$settings/env.sh.new" &&
        mv -f "$settings/env.sh.new" "$settings/env.sh" ) || fail full "$HOME"
    # bash reads the first of these, zsh the last.
    profile=
    for each in .bash_profile .bash_login .profile; do
        [ -n "$profile" ] || [ ! -e "$HOME/$each" ] || profile=$each
    done
    for each in "${profile:-.profile}" .zprofile; do
        case $each-${SHELL##*/} in .zprofile-zsh | .bash* | .profile*) ;; *) continue ;; esac
        grep -qxF "$line" "$HOME/$each" 2> /dev/null || printf '\n# The Python stack of SpotTrainer.\n%s\n' "$line" >> "$HOME/$each"
    done
fi
printf '\0@result %s\0' "$(had "$key.result")"
