#!/bin/sh
# wall for a rehearsal machine: writes to every terminal, because sshd there cannot write into utmp. Without utmp, as on newer systems, it
# finds nobody.
[ -e /run/utmp ] || exit 0
case ${1-} in -n|--nobanner) shift ;; esac
if [ $# -gt 0 ]; then text=$*; else text=$(cat); fi
for terminal in /dev/pts/[0-9]*; do
    [ -w "$terminal" ] && printf '\r\n\aBroadcast message from %s@%s (%s):\r\n\r\n%s\r\n' "${USER:-root}" "$(hostname)" "$(date)" "$text" > "$terminal"
done
exit 0
