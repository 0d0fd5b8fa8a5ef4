#!/bin/sh
# sudo for a rehearsal machine. Its only user can do everything, so this only changes the environment as sudo would.
user=root; login=; home=; keep=
while [ $# -gt 0 ]; do
    case $1 in
        -u|--user) user=$2; shift 2 ;;
        --user=*) user=${1#--user=}; shift ;;
        -g|--group|-p|--prompt|-C|-h|--host) shift 2 ;;
        -i|--login) login=1; shift ;;
        -s|--shell) login=s; shift ;;
        -H|--set-home) home=1; shift ;;
        -E|--preserve-env|--preserve-env=*) keep=1; shift ;;
        -n|-k|-K|-b|-S|-A|--non-interactive|--stdin|--reset-timestamp) shift ;;
        -nH|-Hn) home=1; shift ;;
        -nE|-En) keep=1; shift ;;
        -ni|-in) login=1; shift ;;
        -v|--validate|-l|--list) exit 0 ;;
        -V|--version) echo "sudo (rehearsal)"; exit 0 ;;
        --) shift; break ;;
        -u*) user=${1#-u}; shift ;;
        -*) echo "sudo: the rehearsal's sudo does not support the option $1" >&2; exit 1 ;;
        *=*) export "${1?}"; shift ;;
        *) break ;;
    esac
done
entry=$(grep "^$user:" /etc/passwd) || { echo "sudo: unknown user $user" >&2; exit 1; }
directory=$(echo "$entry" | cut -d: -f6)
SUDO_USER=${USER:-$(id -un)} SUDO_UID=1000 SUDO_GID=1000 SUDO_COMMAND=$*
USER=$user LOGNAME=$user
export SUDO_USER SUDO_UID SUDO_GID SUDO_COMMAND USER LOGNAME
if [ -z "$keep" ] || [ -n "$home" ] || [ "$login" = 1 ]; then HOME=$directory; export HOME; fi
if [ "$login" = 1 ]; then
    cd "$directory" || exit 1
    if [ $# -gt 0 ]; then exec /bin/bash -l -c '"$@"' bash "$@"; fi
    exec /bin/bash -l
fi
if [ $# -eq 0 ] || [ "$login" = s ]; then
    if [ $# -gt 0 ]; then exec /bin/bash -c '"$@"' bash "$@"; fi
    [ "$login" = s ] && exec /bin/bash
    echo "usage: sudo [-EHin] [-u user] [VAR=value] command" >&2
    exit 1
fi
command -v "$1" >/dev/null 2>&1 || { echo "sudo: $1: command not found" >&2; exit 1; }
exec "$@"
