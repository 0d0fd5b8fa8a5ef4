#!/bin/sh
# sysctl for a rehearsal machine: reads the kernel's settings. Setting one is accepted but has no effect, because the kernel
# belongs to the computer on which the rehearsal runs.
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
