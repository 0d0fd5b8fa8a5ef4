#!/bin/sh
# sysctl of a rehearsal's machine: reads the kernel's settings; setting one is accepted and has no effect, since the kernel
# is that of the computer on which the rehearsal runs.
set_one() { case $1 in *=*) echo "$1" | sed 's/ *= */ = /' ;; *) return 1 ;; esac }
write=; quiet=
for argument; do
    case $argument in
        -w|--write) write=1 ;;
        -q|--quiet) quiet=1 ;;
        -p*|--load*|--system) exit 0 ;;
        -*) exec /usr/sbin/sysctl "$@" ;;
        *=*) [ -n "$quiet" ] || set_one "$argument" ;;
        *) [ -z "$write" ] || exit 1; exec /usr/sbin/sysctl "$@" ;;
    esac
done
