#!/bin/sh
# Ends a process group: TERM, and KILL four seconds later. Prints "left " and the processes that ignore TERM, and succeeds when none is left.
#   end_group.sh GROUP
# It is sent as one line in single quotes, and so has none.
set -f
group=$1
members() {
    found=
    set +f
    for file in /proc/[0-9]*/stat; do
        set -f
        line=
        { read -r line < "$file"; } 2>/dev/null || continue
        name=${line#*[(]}
        # shellcheck disable=SC2086
        set -- ${line##*) }
        if [ "${3:-}" = "$group" ] && [ "$1" != Z ]; then
            found="$found${line%% *} ${name%)*}, "
        fi
    done
    [ -n "$found" ]
}
seconds() {
    read -r now rest < /proc/uptime
    now=${now%%.*}
}
kill -s TERM -- "-$group" 2>/dev/null
kill -s CONT -- "-$group" 2>/dev/null
seconds
began=$now
told=
killed=
pause=1
while kill -s 0 -- "-$group" 2>/dev/null; do
    # What has ended, and only waits for its parent, is in the group, too, and does not count. A look at all processes takes a moment, in which
    # one may start another and end, so the second look decides.
    sleep "0.$pause"
    [ $pause -ge 4 ] || pause=$((pause * 2))
    members || members || exit 0
    seconds
    passed=$((now - began))
    if [ $passed -ge 1 ] && [ -z "$told$killed" ]; then
        printf "left %s\n" "${found%, }"
        told=1
    fi
    if [ $passed -ge 4 ] && [ -z "$killed" ]; then
        kill -s KILL -- "-$group" 2>/dev/null
        killed=1
    fi
    [ $passed -lt 9 ] || exit 1
done
exit 0
