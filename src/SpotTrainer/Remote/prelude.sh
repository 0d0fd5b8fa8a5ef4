#!/bin/sh
# Runs before a command. Tells the client that the command starts, in which process group, and in which shell. What a startup file has printed
# stands before that line, so the client knows it from the output.
#
# Leaves a watch behind, which ends the command if its client is gone: sshd has ended, or has received nothing for 25 seconds from a client
# that sends every three. A network that fails without a word would otherwise keep the command running for hours. The watch is in the group
# itself, so it ends with the group, and is nobody's child, so that `wait` does not wait for it.
#   prelude.sh MARK CONNECTION DIRECTORY
# It is sent as one line in single quotes, and so has none, and no exclamation mark, which means something to csh. A POSIX login shell runs it
# in a subshell.
mark=$1
directory=$3
connection=$2
[ -z "$directory" ] || { [ -d "$directory" ] && [ -x "$directory" ]; } || {
    printf "%s directory\n" "$mark"
    exit 1
}
set -f
# Sets parent, group, and began of a process (proc(5)).
look() {
    stat=
    { read -r stat < "/proc/$1/stat"; } 2>/dev/null || exit 0
    # These are words on purpose, here and below.
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    parent=$2
    group=$3
    began=${20}
}
group=$$
look $$
printf "%s %s %s\n" "$mark" "$group" "${SHELL##*/}"
{
    look "$group"
    sshd=$parent
    birth=$began
    # SSH_CONNECTION has the address and the port of the client first.
    # shellcheck disable=SC2086
    set -- $connection
    client="$1:$2"
    case $1 in
        *:*) client="[$1]:$2" ;;
    esac
    pause=1
    gone=0
    while sleep $pause; do
        look "$group"
        [ "$began" = "$birth" ] || exit 0
        [ $pause -gt 3 ] || pause=$((pause + 1))
        if [ "$parent" = "$sshd" ]; then
            # Also of a connection that the client has closed, and that sshd, because it hangs, has not.
            silent=$(ss -tinH state connected "dst $client" 2>/dev/null)
            case $silent in
                *lastrcv:*) silent=${silent##*lastrcv:}
                    gone=1
                    ;;
                # One that was there, and is not there at a second look either, has been reset.
                *) gone=$((gone ? gone + 1 : 0))
                    silent=$((gone ? 17500 + gone * 2500 : 0))
                    ;;
            esac
            silent=${silent%% *}
            [ "${silent:-0}" -lt 20000 ] || pause=1
            [ "${silent:-0}" -ge 25000 ] || continue
        fi
        trap "" HUP INT TERM
        kill -s TERM -- "-$group"
        kill -s CONT -- "-$group"
        sleep 2
        kill -s KILL -- "-$group"
    done
} < /dev/null > /dev/null 2>&1 &
