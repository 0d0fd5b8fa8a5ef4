#!/bin/sh
# spottrainer-watchdog: ends this machine at its deadline, whatever the client that launched it does.
#
#   arm EPOCH   sets the deadline (seconds since 1970, UTC), or moves it; survives a reboot
#   status      prints deadline=, now=, armed= and watchdog= lines
#   run         watches: warns 15 minutes before the deadline, ends the machine at it (a service does this)
#   end         ends the machine now
#
# Two things hold the deadline, and each suffices alone: a timer of systemd on the absolute instant, and `run`, which
# compares the clock with the file every two seconds. When the file is missing or damaged, nobody can say when the
# machine should end: `run` says so, and ends it after two minutes.
set -u

root=${SPOTTRAINER_ROOT:-}
self=/usr/local/sbin/spottrainer-watchdog
state=$root/var/lib/spottrainer
units=$root/etc/systemd/system
timer=$units/spottrainer-deadline.timer
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
warn_before=900
grace=120

say() {
    echo "spottrainer-watchdog: $*" >&2
    # A terminal that takes no more must not hold the watchdog up.
    timeout 5 wall "SpotTrainer: $*" 2>/dev/null || :
}

is_epoch() {
    case $1 in
        '' | 0* | *[!0-9]*) return 1 ;;
    esac
    [ ${#1} -ge 9 ] && [ ${#1} -le 11 ]
}

# The deadline, or a failure when the file is missing or damaged.
read_deadline() {
    deadline=
    { read -r deadline < "$state/deadline"; } 2>/dev/null || :
    is_epoch "$deadline" || {
        deadline=
        return 1
    }
}

# put PATH: replaces the file by what comes on standard input, in one step.
put() {
    cat > "$1.new" && mv -f "$1.new" "$1"
}

arm() {
    if ! is_epoch "$1" || [ "$1" -le "$(date +%s)" ]; then
        echo "spottrainer-watchdog: '$1' is no moment to come, in seconds since 1970" >&2
        return 2
    fi
    mkdir -p "$state" "$units" || return 1
    # DefaultDependencies=no: the units run before the rest of the boot, which may hang, and on while services that
    # do not stop hold up the shutdown, so that `end` lives to force it.
    put "$units/spottrainer-deadline.service" << END || return 1
[Unit]
Description=End of this machine at the deadline of SpotTrainer
DefaultDependencies=no

[Service]
Type=oneshot
ExecStart=$self end
END
    put "$timer" << END || return 1
[Unit]
Description=The deadline of SpotTrainer
DefaultDependencies=no

[Timer]
OnCalendar=$(date -u -d "@$1" '+%Y-%m-%d %H:%M:%S') UTC
Persistent=true
AccuracySec=1s

[Install]
WantedBy=sysinit.target
END
    put "$units/spottrainer-watchdog.service" << END || return 1
[Unit]
Description=The watchdog of SpotTrainer
DefaultDependencies=no
StartLimitIntervalSec=0

[Service]
ExecStart=$self run
Restart=always
RestartSec=2
OOMScoreAdjust=-1000

[Install]
WantedBy=sysinit.target
END
    echo "$1" | put "$state/deadline" || return 1
    systemctl daemon-reload || return 1
    for unit in spottrainer-deadline.timer spottrainer-watchdog.service; do
        systemctl enable "$unit" && systemctl restart "$unit" || return 1
    done
    # A crash right after this must not take the deadline along.
    sync -f "$state" "$units"
}

status() {
    armed=no
    if read_deadline && [ "$(systemctl is-active spottrainer-deadline.timer)" = active ] &&
        grep -qxF "OnCalendar=$(date -u -d "@$deadline" '+%Y-%m-%d %H:%M:%S') UTC" "$timer" 2>/dev/null; then
        armed=yes
    fi
    watchdog=inactive
    [ "$(systemctl is-active spottrainer-watchdog.service)" = active ] && watchdog=active
    printf 'deadline=%s\nnow=%s\narmed=%s\nwatchdog=%s\n' "$deadline" "$(date +%s)" "$armed" "$watchdog"
}

# Asks the jobs to save what they have: SIGTERM to the process group of each.
stop_jobs() {
    for file in "$root"/home/*/spottrainer/jobs/*/pid; do
        pid=
        { read -r pid < "$file"; } 2>/dev/null || :
        case $pid in
            '' | 0* | 1 | *[!0-9]*) continue ;;
        esac
        kill -s TERM -- "-$pid" 2>/dev/null || :
    done
}

# Nothing in here may depend on a write that succeeds: the disk can be full.
run() {
    warned=
    lost=
    while :; do
        now=$(date +%s)
        if read_deadline; then
            lost=
            [ "$now" -ge "$deadline" ] && end
            # A deadline that was moved is announced anew.
            if [ "$now" -ge $((deadline - warn_before)) ] && [ "$warned" != "$deadline" ]; then
                warned=$deadline
                say "this machine ends at $(date -d "@$deadline" '+%H:%M %Z'). Fetch your results: what is left on it ends with it."
                stop_jobs
            fi
        else
            if [ -z "$lost" ]; then
                lost=0
                say "$state/deadline is missing or damaged: this machine ends in $grace seconds unless a new deadline is armed."
            fi
            # Counted in turns, not by the clock, which may jump.
            lost=$((lost + 2))
            [ "$lost" -gt "$grace" ] && end
        fi
        sleep 2
    done
}

end() {
    say 'this machine ends now.'
    sync &
    timeout 30 systemctl poweroff
    sleep 60
    # Services that do not stop must not keep a machine running that is paid for.
    timeout 10 systemctl poweroff -ff
    sleep 5
    echo o > "$root/proc/sysrq-trigger"
    sleep 5
    exit 1
}

case ${1:-} in
    arm) arm "${2:-}" ;;
    status) status ;;
    run) run ;;
    end) end ;;
    *)
        echo 'usage: spottrainer-watchdog arm EPOCH | status | run | end' >&2
        exit 2
        ;;
esac
