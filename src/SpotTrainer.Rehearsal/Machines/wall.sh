#!/bin/sh
# wall for a rehearsal machine: writes to every terminal, because the machine has no utmp.
case ${1-} in -n|--nobanner) shift ;; esac
if [ $# -gt 0 ]; then text=$*; else text=$(cat); fi
for terminal in /dev/pts/[0-9]*; do
    [ -w "$terminal" ] && printf '\r\n\aBroadcast message from %s@%s (%s):\r\n\r\n%s\r\n' "${USER:-root}" "$(hostname)" "$(date)" "$text" > "$terminal"
done
exit 0
