#!/bin/sh
# spottrainer-watchdog: ends this machine at its deadline, whatever the client that launched it does.
#
#   arm EPOCH [IDLE]  sets the deadline (seconds since 1970, UTC), or moves it; survives a reboot. IDLE: after so many seconds
#                     without use the machine ends, too; 0: never. Left out: as before, and never when it was not said before
#   status            prints what holds, in lines of NAME=VALUE
#   run               watches: warns before the end, ends the machine, heeds AWS's notices (a service does this)
#   end               ends the machine now
#
# Two things hold the deadline, and each suffices alone: a timer of systemd, and `run`. Both go by the clock and by the time
# that has passed since the arming, whichever comes first: a clock that is set back prolongs nothing. After a reboot nobody
# knows how long the machine was off: then the clock holds, and the whole time that was armed, counted from the boot.
#
# When the file is missing or damaged, nobody can say when the machine should end: `run` says so, and ends it after two
# minutes.
set -u

root=${SPOTTRAINER_ROOT:-}
self=/usr/local/sbin/spottrainer-watchdog
# On the disk: "EPOCH SPAN END BOOT IDLE", the deadline, the seconds from the arming to it, the uptime at which they are over,
# the boot in which that uptime counts, and the seconds without use.
state=$root/var/lib/spottrainer
# Not on the disk, which can be full: last-use (uptime), and what AWS told: interruption, rebalance.
notes=$root/run/spottrainer
units=$root/etc/systemd/system
timer=$units/spottrainer-deadline.timer
metadata=http://169.254.169.254/latest
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
warn_before=900
grace=120
# Seconds between two looks at the deadline, and at the use of the machine.
turn=20
look_every=60
# Below so many percent of one CPU, as the mean between two looks, it is quiet: what a system does by itself stays under it.
cpu_quiet=10
# A Jupyter kernel that waits for its user takes a hundredth of this.
kernel_quiet=1
gpu_quiet=5

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

is_count() {
    case $1 in
        0) return 0 ;;
        '' | 0* | *[!0-9]*) return 1 ;;
    esac
    [ ${#1} -le 11 ]
}

# Sets up: the seconds since the boot, which no setting of the clock changes. Unreadable, it is counted in turns.
read_uptime() {
    read_up=
    { read -r read_up _ < "$root/proc/uptime"; } 2>/dev/null || :
    read_up=${read_up%%.*}
    if is_count "$read_up"; then up=$read_up; else up=$((up + turn)); fi
}

read_boot() {
    this_boot=unknown
    { read -r this_boot < "$root/proc/sys/kernel/random/boot_id"; } 2>/dev/null || :
}

# Sets deadline, span, bound and idle, or fails when the file is missing or damaged.
read_deadline() {
    deadline='' span='' bound='' boot='' idle=''
    { read -r deadline span bound boot idle < "$state/deadline"; } 2>/dev/null || :
    is_count "$idle" || idle=0
    is_epoch "$deadline" || {
        deadline=
        return 1
    }
}

# Sets left: the seconds to the deadline, by the clock or by the uptime, whichever are fewer.
read_left() {
    now=$(date +%s)
    left=$((deadline - now))
    is_count "$span" && is_count "$bound" || return 0
    [ "$boot" = "$this_boot" ] || bound=$span
    [ $((bound - up)) -ge "$left" ] || left=$((bound - up))
}

# put PATH: replaces the file by what comes on standard input, in one step.
put() {
    cat > "$1.new" && mv -f "$1.new" "$1"
}

arm() {
    now=$(date +%s)
    if ! is_epoch "$1" || [ "$1" -le "$now" ]; then
        echo "spottrainer-watchdog: '$1' is no moment to come, in seconds since 1970" >&2
        return 2
    fi
    read_deadline || :
    after=${2:-$idle}
    if ! is_count "$after"; then
        echo "spottrainer-watchdog: '$after' is no number of seconds" >&2
        return 2
    fi
    read_boot
    read_uptime
    time=$(($1 - now))
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
OnActiveSec=$time
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
    echo "$1 $time $((up + time)) $this_boot $after" | put "$state/deadline" || return 1
    systemctl daemon-reload || return 1
    for unit in spottrainer-deadline.timer spottrainer-watchdog.service; do
        systemctl enable "$unit" && systemctl restart "$unit" || return 1
    done
    # A crash right after this must not take the deadline along.
    sync -f "$state" "$units"
}

# What stands in the first line of a file, or nothing.
line_of() {
    line=
    { IFS= read -r line < "$1"; } 2>/dev/null || :
    echo "$line"
}

status() {
    armed=no left='' idle_since=''
    read_boot
    read_uptime
    now=$(date +%s)
    if read_deadline; then
        read_left
        [ "$(systemctl is-active spottrainer-deadline.timer)" = active ] &&
            grep -qxF "OnCalendar=$(date -u -d "@$deadline" '+%Y-%m-%d %H:%M:%S') UTC" "$timer" 2>/dev/null && armed=yes
    fi
    watchdog=inactive
    [ "$(systemctl is-active spottrainer-watchdog.service)" = active ] && watchdog=active
    last=$(line_of "$notes/last-use")
    ! is_count "$last" || idle_since=$((now - up + last))
    printf 'deadline=%s\nnow=%s\nleft=%s\narmed=%s\nwatchdog=%s\nidle_timeout=%s\nidle_since=%s\ninterruption=%s\nrebalance=%s\n' \
        "$deadline" "$now" "$left" "$armed" "$watchdog" "$idle" "$idle_since" "$(line_of "$notes/interruption")" "$(line_of "$notes/rebalance")"
}

# signal_jobs SIGNAL: sends it to the process group of each job; 0 only asks. Fails when no job has one.
signal_jobs() {
    found=1
    for file in "$root"/home/*/spottrainer/jobs/*/pid; do
        pid=
        { read -r pid < "$file"; } 2>/dev/null || :
        case $pid in
            '' | 0* | 1 | *[!0-9]*) continue ;;
        esac
        kill -s "$1" -- "-$pid" 2>/dev/null && found=0
    done
    return $found
}

# One walk over the processes. Sets moved and kernels (CPU ticks of SSH's processes and of Jupyter's kernels), and use when a
# command runs over SSH. An sshd without a process of its own holds a tunnel, or is the module's: it is no use of the machine.
# Nor is a shell that waits at its prompt.
walk() {
    moved=0 kernels=0 daemons=' ' children=''
    for file in "$root"/proc/[0-9]*/stat; do
        { IFS= read -r line < "$file"; } 2>/dev/null || continue
        name=${line#*\(}
        name=${name%)*}
        # state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime (proc(5)); these are words on purpose.
        # shellcheck disable=SC2086
        set -- ${line##*) }
        # A name may hold a line end, after which nothing was read.
        [ $# -ge 13 ] || continue
        case $name in
            sshd*)
                daemons="$daemons${line%% *} "
                moved=$((moved + ${12} + ${13}))
                ;;
            sftp-server) moved=$((moved + ${12} + ${13})) ;;
            *)
                # A session's process is never a child of the kernel's or of init.
                [ "$2" -le 2 ] || children="$children $2:$5:$(($3 - $6))"
                case $name in
                    python* | ipykernel*)
                        line=
                        # The shell leaves out the zero bytes that end the arguments.
                        { IFS= read -r line < "${file%stat}cmdline"; } 2>/dev/null || :
                        case $line in
                            *ipykernel*) kernels=$((kernels + ${12} + ${13})) ;;
                        esac
                        ;;
                esac
                ;;
        esac
    done
    for child in $children; do
        case $daemons in
            *" ${child%%:*} "*) ;;
            *) continue ;;
        esac
        case $child in
            *:0:*) use='a command over SSH' ;;
            *:0) ;;
            *) use='a command at a terminal' ;;
        esac
    done
}

# Sets use: what the machine was used for since the last look; nothing when it was not.
look() {
    use=
    past=$((up - looked))
    busy=$cpu
    { read -r _ user nice system _ _ irq soft _ < "$root/proc/stat" && cpu=$((user + nice + system + irq + soft)); } 2>/dev/null || :
    # A tick is a hundredth of a second, so ticks by seconds are percents of one CPU.
    [ $((cpu - busy)) -lt $((past * cpu_quiet)) ] || use='the CPU'
    ! signal_jobs 0 || use='a job'
    was_moved=$moved was_kernels=$kernels was_typed=$typed
    walk
    # File transfer has no process of its own in every sshd: a fifth of a percent is more than keep-alives take.
    [ $(((moved - was_moved) * 5)) -lt "$past" ] || use='a file transfer'
    [ $((kernels - was_kernels)) -lt $((past * kernel_quiet)) ] || use='a Jupyter kernel'
    # Somebody typed where the time of the last reading has changed, be it over SSH, in tmux or in Jupyter.
    typed=
    set -- "$root"/dev/pts/[0-9]*
    [ ! -e "$1" ] || typed=$(stat -c '%n %X' "$@" 2>/dev/null)
    [ -z "$typed" ] || [ "$typed" = "$was_typed" ] || use='a person at a terminal'
    if [ -z "$use" ] && command -v nvidia-smi > /dev/null; then
        for percent in $(timeout 10 nvidia-smi --query-gpu=utilization.gpu --format=csv,noheader,nounits 2>/dev/null); do
            ! is_count "$percent" || [ "$percent" -lt $gpu_quiet ] || use='the GPU'
        done
    fi
    looked=$up
}

# For `status`, and for the watchdog that comes after one that was killed.
keep_last_use() {
    { echo "$last_use" > "$notes/last-use"; } 2>/dev/null || :
}

# Ends the machine when nobody has used it for as long as was armed.
watch_use() {
    if [ -z "$looked" ]; then
        # The first look has nothing to compare with.
        looked=$up
        look
        return
    fi
    [ $((up - looked)) -ge $look_every ] || return 0
    look
    [ -z "$use" ] || last_use=$up
    keep_last_use
    if [ "$idle" -eq 0 ] || [ -n "$use" ]; then
        [ -z "$idle_warned" ] || say "in use again ($use): this machine stays until its deadline, or until it is idle again."
        idle_warned=
        return
    fi
    idle_left=$((idle - up + last_use))
    if [ "$idle_left" -le 0 ]; then
        say "this machine was not used for $((idle / 60)) minutes."
        end
    fi
    # No use holds up a deadline that comes first.
    if [ "$idle_left" -le $warn_before ] && [ "$idle_left" -lt "$left" ] && [ -z "$idle_warned" ]; then
        idle_warned=yes
        say "this machine is not used: it ends in $(((idle_left + 59) / 60)) minutes unless somebody uses it. What is left on it ends with it."
    fi
}

# Nothing in here may depend on a write that succeeds: the disk can be full.
run() {
    warned='' idle_warned='' lost=0 listener='' up=0 left=0
    cpu=0 moved=0 kernels=0 typed='' looked=''
    mkdir -p "$notes" 2>/dev/null || :
    read_boot
    read_uptime
    last_use=$(line_of "$notes/last-use")
    if ! is_count "$last_use" || [ "$last_use" -gt "$up" ]; then last_use=$up; fi
    keep_last_use
    while :; do
        pause=$turn
        # Notices are heard beside this loop, from its first turn on: nothing that hangs in either can hold up the other.
        if [ -z "$listener" ] || ! kill -0 "$listener" 2>/dev/null; then
            listen &
            listener=$!
        fi
        read_uptime
        if read_deadline; then
            lost=0
            read_left
            [ "$left" -gt 0 ] || end
            # A deadline that was moved is announced anew.
            if [ "$left" -le $warn_before ] && [ "$warned" != "$deadline" ]; then
                warned=$deadline
                say "this machine ends at $(date -d "@$((now + left))" '+%H:%M %Z'). Fetch your results: what is left on it ends with it."
                signal_jobs TERM || :
            fi
            [ "$left" -ge $turn ] || pause=$left
        else
            [ $lost -gt 0 ] || say "$state/deadline is missing or damaged: this machine ends in $grace seconds unless a new deadline is armed."
            # Counted in turns, not by the clock, which may jump.
            lost=$((lost + turn))
            [ $lost -le $grace ] || end
        fi
        watch_use
        sleep "$pause"
    done
}

# Becomes curl: it is called in shells of its own only.
ask() {
    exec curl -q -s --noproxy '*' --connect-timeout 1 --max-time 1 "$@"
}

new_token() {
    token=$(ask -f -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 21600' "$metadata/api/token")
}

# Prints a line "200 ADDRESS" when one of AWS's notices stands there. A process a look would cost ten times as much as all of the watchdog does
# now: one curl asks for both, every second, until they do (from 7.71 on).
hear() {
    again='-Z --no-progress-meter --retry-all-errors --retry 600 --retry-delay 1'
    # These are words on purpose.
    # shellcheck disable=SC2086
    curl $again -V > /dev/null 2>&1 || again=
    while kill -0 $$ 2>/dev/null; do
        # A token lives for six hours, a curl for minutes: each has its own, on standard input, where `ps` does not show it.
        # shellcheck disable=SC2086
        ! new_token || (
            ask -f $again -w '%{stderr}%{http_code} %{url_effective}\n' -K - << END 2>&1
header = "X-aws-ec2-metadata-token: $token"
url = "$metadata/meta-data/spot/instance-action"
output = /dev/null
url = "$metadata/meta-data/events/recommendations/rebalance"
output = /dev/null
END
        )
        # A notice that stands there is not asked for again at once.
        sleep 1
    done
}

# notice NAME PATH: keeps what AWS told, and fails when it was kept before.
notice() {
    what=
    if new_token; then
        what=$(ask -f -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$2") || what=
    fi
    [ -z "$what" ] || [ "$what" != "$(line_of "$notes/$1")" ] || return 1
    { echo "${what:-unreadable}" > "$notes/$1"; } 2>/dev/null || :
}

listen() {
    hear | {
        heard=
        # When `run` is killed, this must not stay beside the next one.
        while read -r code where && kill -0 $$ 2>/dev/null; do
            case "$code ${where##*/} $heard" in
                *' instance-action '*action*) ;;
                '200 instance-action '*)
                    # AWS gives two minutes: the jobs come first.
                    heard="$heard action"
                    signal_jobs TERM || :
                    ! notice interruption spot/instance-action || say "AWS takes this machine back within two minutes ($what). Fetch your results now."
                    ;;
                *' rebalance '*rebalance*) ;;
                '200 rebalance '*)
                    heard="$heard rebalance"
                    ! notice rebalance events/recommendations/rebalance || say "AWS may soon take this machine back ($what)."
                    ;;
            esac
        done
    }
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
    arm) arm "${2:-}" "${3:-}" ;;
    status) status ;;
    run) run ;;
    end) end ;;
    *)
        echo 'usage: spottrainer-watchdog arm EPOCH [IDLE] | status | run | end' >&2
        exit 2
        ;;
esac
