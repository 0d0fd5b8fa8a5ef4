#!/bin/sh
# wall of a rehearsal's machine: writes to every terminal there is, since the machine keeps no utmp.
case ${1-} in -n|--nobanner) shift ;; esac
if [ $# -gt 0 ]; then text=$*; else text=$(cat); fi
for terminal in /dev/pts/[0-9]*; do
    [ -w "$terminal" ] && printf '\r\n\aBroadcast message from %s@%s (%s):\r\n\r\n%s\r\n' "${USER:-root}" "$(hostname)" "$(date)" "$text" > "$terminal"
done
exit 0
