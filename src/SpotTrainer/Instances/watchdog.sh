#!/bin/sh
# spottrainer-watchdog: ends this machine at its deadline, whatever the client that launched it does.
#
#   arm EPOCH [IDLE]  sets the deadline (seconds since 1970, UTC), or moves it; survives a reboot. IDLE: after so many seconds
#                     without use the machine ends, too; 0: never. Left out: as before, and never when it was not said before
#   holds             succeeds if a deadline of this machine is armed
#   status            prints what holds, in lines of NAME=VALUE
#   run               watches: warns before the end, ends the machine, heeds AWS's notices (a service does this)
#   end [MACHINE]     ends the machine now; with MACHINE only if it is that one, and no deadline holds that is still to come (the
#                     timer's service does this)
#   register NAME PID WHAT BUSY NOTICE DEADLINE
#                     registers a use as NAME-PID; `forget NAME PID` removes it. Neither needs root
#
# Two things hold the deadline, and each suffices alone: a timer of systemd, and `run`. Both go by the clock and by the time
# since the arming, whichever comes first: a clock that is set back prolongs nothing. After a reboot, the clock holds, and the
# whole time that was armed, counted from the boot.
#
# A deadline belongs to one machine. The file and the units end nothing on another that was started from an image of the disk.
#
# If the file is missing, damaged, or another machine's, `run` says so, and ends this one after five minutes. By then, its own
# user data has armed another, even if the metadata service was slow.
#
# The order before the end: a message at the terminals and SIGTERM for the uses that ask for it, 15 minutes before, or in the last
# quarter of less than an hour; SIGTERM again two minutes before, or halfway; the end. At AWS's notice, there is one minute between.
#
# Nothing that this script runs may hold it up, not even a program that no signal ends: what can hang runs beside it.
#
# The registry of uses. Each file /run/spottrainer/uses/NAME describes one process that uses this machine, or that wants a signal
# before the machine ends. Any user can create one (`register` does).
#
# NAME has 1 to 64 letters, digits, and "._-", and starts with a letter or digit. Use one for each process (NAME-PID). Names that
# start with a dot or end in ".new" are ignored: write the file under such a name, then rename it. A file has at most 1024 bytes. It
# must contain each of these lines, in any order, each with a line end. Of two equal ones, the last counts. Others are ignored.
#
#   what=TEXT         the description in messages: 1 to 80 printable ASCII characters
#   pid=NUMBER        the process. If it leads its process group, signals go to the whole group
#   start=NUMBER      its start time: field 22 of /proc/PID/stat. A later process with the same number is never signaled
#   busy=always       the machine is in use as long as the process runs
#   busy=cpu          ... while it and its descendants take at least 1 % of one CPU, on average between two looks
#   notice=TERM|none  the signal when AWS announces an interruption
#   deadline=TERM|none
#                     the signal before the deadline. What still runs at the second one should end now
#
# The process must run as the owner of the file, and gets only signals that the owner could send. A file is ignored if it has
# another name, is not a regular file, is too long, incomplete (a line is missing or invalid), or stale (the process has ended), or if it names
# a process of another user: `status` lists these files and the reasons as bad_uses. Stale files are removed. Only the first 32 files
# are read. Nothing in them is ever evaluated.
set -u
# Ranges and lengths are ASCII's.
LC_ALL=C
export LC_ALL
umask 022

root=${SPOTTRAINER_ROOT:-}
self=/usr/local/sbin/spottrainer-watchdog
# On the disk: "EPOCH SPAN END BOOT IDLE MACHINE", the deadline, the seconds from the arming to it, the uptime at which they are
# over, the boot in which that uptime counts, the seconds without use, and the machine whose deadline it is.
state=$root/var/lib/spottrainer
# Not on the disk, which can be full: last-use (uptime), warned (the deadline of which the uses got how many signals), and what AWS
# told: interruption, rebalance.
notes=$root/run/spottrainer
uses=$notes/uses
units=$root/etc/systemd/system
timer=$units/spottrainer-deadline.timer
stamp=$root/var/lib/systemd/timers/stamp-spottrainer-deadline.timer
metadata=http://169.254.169.254/latest
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
warn_before=900
call_before=120
grace=300
# Seconds between two looks at the deadline, and at the use of the machine.
turn=20
look_every=60
# Below so many percent of one CPU, on average between two looks, it is quiet: a system by itself takes less.
cpu_quiet=10
# The same for uses with busy=cpu, terminals, and VS Code: an idle Jupyter takes less than a tenth of this.
use_quiet=1
gpu_quiet=5
most_uses=32
newline='
'

# A log or a terminal may hang. `wall` finds no terminal on systems without utmp.
say() {
    (
        text=$(printf %s "$*" | tr -c '[:print:]' '?')
        for terminal in "$root"/dev/pts/[0-9]* "$root"/dev/tty[0-9]* "$root"/dev/ttyS[0-9]*; do
            [ -e "$terminal" ] || continue
            # A console at which nobody is logged in is root's.
            case $terminal in
                */pts/*) ;;
                *) [ ! -O "$terminal" ] || continue ;;
            esac
            printf '\r\nSpotTrainer: %s\r\n' "$text" |
                timeout -k 1 5 dd of="$terminal" oflag=append,nonblock,nofollow,noctty conv=nocreat,notrunc 2>/dev/null || :
        done
        echo "spottrainer-watchdog: $text" >&2
    ) &
}

# limited SECONDS COMMAND...: prints what the command prints within so many seconds. One that no signal ends stays behind.
limited() {
    { timeout -k 1 "$@" 2>/dev/null & } | timeout -k 1 $(($1 + 2)) cat
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

# Sets me: this machine, by the instance that AWS's hardware names (Nitro, Xen) from the first moment on, otherwise by what
# cloud-init found out in this boot.
read_me() {
    for file in sys/devices/virtual/dmi/id/board_asset_tag sys/devices/virtual/dmi/id/product_uuid run/cloud-init/.instance-id; do
        me=
        { read -r me < "$root/$file"; } 2>/dev/null || :
        case $me in
            *[!A-Za-z0-9-]*) ;;
            i-* | [Ee][Cc]2*) return ;;
        esac
    done
    me=unknown
}

# Sets deadline, span, bound and idle, or fails when the file is missing, damaged, or another machine's.
read_deadline() {
    deadline='' span='' bound='' boot='' idle='' owner=''
    { read -r deadline span bound boot idle owner < "$state/deadline"; } 2>/dev/null || :
    is_count "$idle" || idle=0
    if ! is_epoch "$deadline" || [ "$owner" != "$me" ]; then
        deadline='' idle=0
        return 1
    fi
}

# Sets left: the seconds to the deadline, by the clock or by the uptime, whichever are fewer.
read_left() {
    now=$(date +%s)
    left=$((deadline - now))
    is_count "$span" && is_count "$bound" || return 0
    [ "$boot" = "$this_boot" ] || bound=$span
    [ $((bound - up)) -ge "$left" ] || left=$((bound - up))
}

# The sticky bit keeps users from renaming or removing each other's files.
make_registry() {
    mkdir -p "$notes" && { [ -d "$uses" ] || mkdir -m 1777 "$uses"; }
} 2>/dev/null

# put PATH: replaces the file by standard input, in one step.
put() {
    cat > "$1.new" && mv -f "$1.new" "$1"
}

arm() {
    now=$(date +%s)
    if ! is_epoch "$1" || [ "$1" -le "$now" ]; then
        echo "spottrainer-watchdog: '$1' is not a future time, in seconds since 1970" >&2
        return 2
    fi
    read_deadline || :
    after=${2:-$idle}
    if ! is_count "$after"; then
        echo "spottrainer-watchdog: '$after' is not a number of seconds" >&2
        return 2
    fi
    read_boot
    read_uptime
    time=$(($1 - now))
    mkdir -p "$state" "$units" || return 1
    # Before anybody can log in. `run` makes it again after each boot.
    make_registry || :
    # What hangs in the service must not hold up the next arming.
    quick='KillMode=mixed
TimeoutStopSec=2'
    # DefaultDependencies=no: the units run before the rest of the boot, which may hang, and on while services that
    # do not stop hold up the shutdown, so that `end` lives to force it.
    put "$units/spottrainer-deadline.service" << END || return 1
[Unit]
Description=End of this machine at the deadline of SpotTrainer
DefaultDependencies=no

[Service]
Type=oneshot
ExecStart=$self end $me
$quick
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
$quick

[Install]
WantedBy=sysinit.target
END
    echo "$1 $time $((up + time)) $this_boot $after $me" | put "$state/deadline" || return 1
    # One from the future, of a machine whose clock was ahead, would keep the timer from its moment.
    rm -f "$stamp"
    manage daemon-reload || return 1
    for unit in spottrainer-deadline.timer spottrainer-watchdog.service; do
        manage enable "$unit" && manage restart "$unit" || return 1
    done
    # A crash right after this must not take the deadline along.
    timeout -k 1 60 sync -f "$state" "$units"
}

# systemctl, whose manager may hang.
manage() {
    timeout -k 1 30 systemctl "$@"
}

# A crash while arming may leave a deadline that nothing holds.
holds() {
    read_deadline && manage -q is-enabled spottrainer-deadline.timer && manage -q is-enabled spottrainer-watchdog.service
}

# The first line of a file, or nothing.
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
        [ "$(manage is-active spottrainer-deadline.timer)" = active ] &&
            grep -qxF "OnCalendar=$(date -u -d "@$deadline" '+%Y-%m-%d %H:%M:%S') UTC" "$timer" 2>/dev/null && armed=yes
    fi
    watchdog=inactive
    [ "$(manage is-active spottrainer-watchdog.service)" = active ] && watchdog=active
    last=$(line_of "$notes/last-use")
    ! is_count "$last" || idle_since=$((now - up + last))
    printf 'deadline=%s\nnow=%s\nleft=%s\narmed=%s\nwatchdog=%s\nidle_timeout=%s\nidle_since=%s\ninterruption=%s\nrebalance=%s\n' \
        "$deadline" "$now" "$left" "$armed" "$watchdog" "$idle" "$idle_since" "$(line_of "$notes/interruption")" "$(line_of "$notes/rebalance")"
    good='' bad=''
    each_use list_use
    printf 'uses=%s\nbad_uses=%s\n' "$good" "$bad"
}

# A name may contain anything, and have any length.
list_use() {
    rest=$name shown=''
    while [ -n "$rest" ] && [ ${#shown} -lt 64 ]; do
        tail=${rest#?}
        letter=${rest%"$tail"}
        case $letter in
            [!A-Za-z0-9._-]) letter='?' ;;
        esac
        shown=$shown$letter rest=$tail
    done
    [ -z "$rest" ] || shown=$shown...
    if [ -z "$why" ]; then
        good="$good${good:+; }$shown ($what)"
    else
        bad="$bad${bad:+; }$shown ($why)"
    fi
}

is_use_name() {
    case $1 in
        '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) return 1 ;;
    esac
    [ ${#1} -le 64 ]
}

# Whether a use is complete and valid.
is_use() {
    case $what in
        '' | *[![:print:]]*) return 1 ;;
    esac
    case $busy/$at_notice/$at_deadline in
        always/TERM/TERM | always/TERM/none | always/none/TERM | always/none/none) ;;
        cpu/TERM/TERM | cpu/TERM/none | cpu/none/TERM | cpu/none/none) ;;
        *) return 1 ;;
    esac
    [ ${#what} -le 80 ] && is_count "$start" && is_count "$pid" && [ "$pid" -gt 2 ]
}

# Sets phase, group, began, and uid of the process $pid. Fails if it has ended or cannot be read (then phase is empty).
read_process() {
    line='' phase='' group='' began='' uid=''
    { IFS= read -r line < "$root/proc/$pid/stat"; } 2>/dev/null || :
    # The fields from the third on (proc(5)): words on purpose.
    # shellcheck disable=SC2086
    set -- ${line##*) }
    [ $# -ge 20 ] || return 1
    phase=$1
    # A zombie has ended, unless other threads of it still run.
    [ "$phase" != Z ] || [ "${18}" -gt 1 ] || return 1
    group=$3 began=${20}
    {
        while read -r field uid _; do
            [ "$field" != Uid: ] || break
        done < "$root/proc/$pid/status"
    } 2>/dev/null || :
}

# read_use FILE: sets name, and why: the reason to ignore the file. If why is empty, it also sets owner, what, pid, start, busy, at_notice,
# at_deadline, and what read_process sets. The owner can replace the file at any moment, with a FIFO or a link, too: nothing here waits
# or follows links, and what was read counts only if the same file was there before and after.
read_use() {
    name=${1##*/} why='' what='' pid='' start='' busy='' at_notice='' at_deadline=''
    is_use_name "$name" || why='invalid name'
    # In this order: what a link leads to may hang.
    [ ! -L "$1" ] && [ -f "$1" ] || why=${why:-not a regular file}
    [ -z "$why" ] || return 0
    # shellcheck disable=SC2016
    {
        text=$(limited 5 sh -c '
            look() { stat -c "%u %s %f %i %z" -- "$1"; }
            look "$1" && dd if="$1" bs=1024 count=1 iflag=nonblock,nofollow && look "$1"' sh "$1")
    } 2>/dev/null || :
    seen=${text%%"$newline"*}
    owner=${seen%% *} size=${seen#* }
    size=${size%% *}
    if is_count "$size" && [ "$size" -gt 1024 ]; then
        why='too long'
        return
    fi
    text=${text#"$seen"}
    text=${text#"$newline"}
    if [ -z "$seen" ] || [ "${text##*"$newline"}" != "$seen" ]; then
        why=incomplete
        return
    fi
    text=${text%"$seen"}
    while [ -n "$text" ]; do
        line=${text%%"$newline"*} text=${text#*"$newline"}
        value=${line#*=}
        case $line in
            what=*) what=$value ;;
            pid=*) pid=$value ;;
            start=*) start=$value ;;
            busy=*) busy=$value ;;
            notice=*) at_notice=$value ;;
            deadline=*) at_deadline=$value ;;
        esac
    done
    if ! is_use; then
        why=incomplete
    elif ! read_process; then
        why=stale
        # It may still run: a line end in its name, or a lack of memory, also keeps it from being read.
        [ -n "$phase" ] || [ ! -e "$root/proc/$pid" ] || why='unreadable process'
    elif [ "$began" != "$start" ]; then
        why=stale
    elif [ "$uid" != "$owner" ]; then
        why="another user's process"
    fi
}

# each_use COMMAND: reads each file, and runs COMMAND.
each_use() {
    count=0
    for file in "$uses"/*; do
        case $file in
            *.new) continue ;;
        esac
        [ -L "$file" ] || [ -e "$file" ] || continue
        count=$((count + 1))
        name=... why="only $most_uses files are looked at"
        [ $count -gt $most_uses ] || read_use "$file"
        "$1"
        [ $count -le $most_uses ] || return 0
    done
}

register() {
    name=$1-$2 pid=$2 start='' busy=$4 at_notice=$5 at_deadline=$6
    what=$(printf %s "$3" | tr -c '[:print:]' '?' | head -c 80)
    if ! is_use_name "$name" || ! is_count "$pid" || ! read_process || ! start=$began || ! is_use; then
        echo "spottrainer-watchdog: cannot register '$1': an argument is not valid, or process '$2' has ended" >&2
        return 2
    fi
    new=$(mktemp "$uses/.XXXXXXXX") || return 1
    printf 'what=%s\npid=%s\nstart=%s\nbusy=%s\nnotice=%s\ndeadline=%s\n' "$what" "$pid" "$start" "$busy" "$at_notice" "$at_deadline" > "$new" &&
        mv -fT "$new" "$uses/$name" && return
    rm -f "$new"
    return 1
}

forget() {
    is_use_name "$1-$2" && rm -f "$uses/$1-$2"
}

# signal_uses EVENT: sends SIGTERM to the uses that asked for it.
signal_uses() {
    event=$1
    each_use signal_use
}

signal_use() {
    [ -z "$why" ] || return 0
    case $event/$at_notice/$at_deadline in
        notice/TERM/* | deadline/*/TERM) ;;
        *) return ;;
    esac
    target=$pid
    [ "$group" != "$pid" ] || target=-$pid
    (
        status=0
        # Sent as the owner, not as root: the kernel keeps the signal from other users' processes.
        # shellcheck disable=SC2016
        timeout -k 1 5 setpriv --reuid "$owner" --keep-groups sh -c 'kill -s TERM -- "$1"' sh "$target" 2>/dev/null || status=$?
        # Without a working setpriv, only the process itself, whose owner was checked.
        [ $status -le 1 ] || kill -s TERM "$pid" 2>/dev/null || :
    ) &
}

# Sets moved (CPU ticks of SSH's processes), children (the others, as PARENT:ID:TICKS:TTY), watched (terminals
# and VS Code's servers, which detach from sshd: uses while they and their descendants take CPU), and use when a command runs over SSH.
# An sshd without a process of its own holds a tunnel, or is the module's: it is no use.
walk() {
    # Not by their command lines: to read those can hang.
    editors=$(cd "$root/proc" && limited 5 find [0-9]*/exe -lname '*/.vscode-server*' -printf '%h ')
    moved=0 daemons=' ' children='' watched=" $editors"
    for file in "$root"/proc/[0-9]*/stat; do
        { IFS= read -r line < "$file"; } 2>/dev/null || continue
        name=${line#*\(}
        name=${name%)*}
        # 1: state ppid, 5: tty, 12: utime stime cutime cstime, 46: arg_start arg_end (proc(5)): words on purpose.
        # shellcheck disable=SC2086
        set -- ${line##*) }
        # A name may hold a line end, after which nothing was read.
        [ $# -ge 15 ] || continue
        case $name in
            sshd*)
                daemons="$daemons${line%% *} "
                moved=$((moved + ${12} + ${13}))
                ;;
            sftp-server) moved=$((moved + ${12} + ${13})) ;;
            *)
                tty=$5
                # VS Code connects by a shell without arguments. Where its server runs, that is no command.
                case $name.$((${47:-0} - ${46:-0})) in
                    sh.3 | bash.5) [ -z "$editors" ] || tty=1 ;;
                esac
                # Not the kernel's.
                [ "$2" -eq 2 ] || children="$children $2:${line%% *}:$((${12} + ${13} + ${14} + ${15})):$tty"
                ;;
        esac
    done
    for child in $children; do
        case $daemons in
            *" ${child%%:*} "*) ;;
            *) continue ;;
        esac
        child=${child#*:}
        case $child in
            *:0) use='a command over SSH' ;;
            *) watched="$watched${child%%:*} " ;;
        esac
    done
}

# Sets ticks: the CPU time of the processes $1 and their descendants. Their parents' includes that of children that have ended.
add_up() {
    family=' ' ticks=0 grown=yes rounds=0
    # Parents mostly come first: a few rounds find all.
    while [ -n "$grown" ] && [ $rounds -lt 16 ]; do
        grown='' rounds=$((rounds + 1))
        for child in $children; do
            parent=${child%%:*} child=${child#*:}
            id=${child%%:*} child=${child#*:}
            case $family in
                *" $id "*) continue ;;
            esac
            case $1$family in
                *" $id "* | *" $parent "*) family="$family$id " grown=yes ticks=$((ticks + ${child%%:*})) ;;
            esac
        done
    done
}

# Sets use if a registered process uses the machine now.
count_use() {
    case $why in
        '') ;;
        stale)
            rm -f -- "$file"
            return
            ;;
        *) return ;;
    esac
    if [ "$busy" = always ]; then
        use=$what
        return
    fi
    add_up " $pid "
    taken="$taken $pid.$start:$ticks"
    case $was_taken in
        *" $pid.$start:"*) before=${was_taken##* "$pid.$start:"} ;;
        # Somebody has just registered it.
        *)
            use=$what
            return
            ;;
    esac
    [ $((ticks - ${before%% *})) -lt $((past * use_quiet)) ] || use=$what
}

# Sets use: what the machine was used for since the last look, if it was.
look() {
    use=
    past=$((up - looked))
    was_cpu=$cpu
    { read -r _ user nice system _ _ irq soft _ < "$root/proc/stat" && cpu=$((user + nice + system + irq + soft)); } 2>/dev/null || :
    # A tick is a hundredth of a second, so ticks by seconds are percents of one CPU.
    [ $((cpu - was_cpu)) -lt $((past * cpu_quiet)) ] || use='the CPU'
    was_moved=$moved was_taken=$taken was_typed=$typed was_spent=$spent taken=''
    walk
    add_up "$watched"
    spent=$ticks
    [ $((spent - was_spent)) -lt $((past * use_quiet)) ] || use='a program at a terminal or in VS Code'
    each_use count_use
    # File transfer has no process of its own in every sshd: a fifth of a percent is more than keep-alives take.
    [ $(((moved - was_moved) * 5)) -lt "$past" ] || use='a file transfer'
    # Somebody typed where the time of the last reading has changed: over SSH, in tmux, in Jupyter, in VS Code.
    typed=
    set -- "$root"/dev/pts/[0-9]*
    [ ! -e "$1" ] || typed=$(limited 5 stat -c '%n %X' "$@")
    [ -z "$typed" ] || [ "$typed" = "$was_typed" ] || use='a person at a terminal'
    [ -n "$use" ] || look_at_gpu
    looked=$up
}

# A driver that hangs may keep for ever what asks it: it is asked again when that has ended.
look_at_gpu() {
    command -v nvidia-smi > /dev/null || return 0
    # Empty when it has ended, even if nobody has asked yet how.
    line=''
    { IFS= read -r line < "/proc/$asking/cmdline"; } 2>/dev/null || :
    [ -z "$line" ] || return 0
    for word in $({
        timeout -k 1 10 nvidia-smi --query-gpu=utilization.gpu --format=csv,noheader,nounits 2>/dev/null &
        echo "process=$!"
    } | timeout -k 1 12 cat); do
        case $word in
            process=*) asking=${word#*=} ;;
            *) ! is_count "$word" || [ "$word" -lt $gpu_quiet ] || use='the GPU' ;;
        esac
    done
}

# For `status`, and the next watchdog.
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
        end "nobody used this machine for $((idle / 60)) minutes. It ends now."
    fi
    # No use holds up a deadline that comes first.
    set_early "$idle"
    if [ "$idle_left" -le "$early" ] && [ "$idle_left" -lt "$left" ] && [ -z "$idle_warned" ]; then
        idle_warned=yes
        say "nobody is using this machine. It ends in $(((idle_left + 59) / 60)) minutes unless somebody uses it. Everything left on it is deleted."
    fi
}

# Sets early: how long before the end of so many seconds it is announced.
set_early() {
    early=$(($1 / 4))
    [ $early -le $warn_before ] || early=$warn_before
}

# Tells of the deadline, and signals the uses twice. What was done is kept for the next watchdog.
warn() {
    early=$warn_before
    ! is_count "$span" || set_early "$span"
    late=$((early / 2))
    [ $late -le $call_before ] || late=$call_before
    # A deadline that was moved is announced again.
    case $warned in
        "$deadline "*) ;;
        *) warned="$deadline 0" ;;
    esac
    next=$left
    case ${warned#* } in
        0) next=$((left - early)) ;;
        1) next=$((left - late)) ;;
    esac
    if [ $next -gt 0 ]; then
        [ $next -ge $pause ] || pause=$next
        return
    fi
    [ "$warned" != "$deadline 0" ] ||
        say "this machine ends at $(date -d "@$((now + left))" '+%H:%M %Z'). Fetch your results now: everything left on it is deleted."
    warned="$deadline $((${warned#* } + 1))" pause=1
    { echo "$warned" > "$notes/warned"; } 2>/dev/null || :
    signal_uses deadline &
}

# Nothing in here may depend on a write that succeeds: the disk can be full.
run() {
    idle_warned='' lost=0 listener='' up=0 left=0 asking=none
    cpu=0 moved=0 spent=0 taken='' typed='' looked=''
    make_registry || :
    read_boot
    read_uptime
    last_use=$(line_of "$notes/last-use")
    if ! is_count "$last_use" || [ "$last_use" -gt "$up" ]; then last_use=$up; fi
    keep_last_use
    warned=$(line_of "$notes/warned")
    while :; do
        # Without AWS's hardware, cloud-init knows it only later in the boot.
        read_me
        pause=$turn
        # Notices are heard beside this loop: nothing that hangs in either can hold up the other.
        if [ -z "$listener" ] || ! kill -0 "$listener" 2>/dev/null; then
            listen &
            listener=$!
        fi
        read_uptime
        if read_deadline; then
            lost=0
            read_left
            [ "$left" -gt 0 ] || end
            warn
            [ "$left" -ge $pause ] || pause=$left
        else
            [ $lost -gt 0 ] || say "the deadline file $state/deadline is missing, damaged, or another machine's. This machine ends in \
$grace seconds. To keep it for two hours, run: sudo spottrainer-watchdog arm \$(date -d '2 hours' +%s)"
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

# Prints a line "200 ADDRESS" when one of AWS's notices stands there. A process a look would cost ten times as much: one curl asks for both,
# every second, until they do (from 7.71 on).
hear() {
    again='-Z --no-progress-meter --retry-all-errors --retry 600 --retry-delay 1'
    # Words on purpose.
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

# notice NAME PATH: keeps what AWS told, and fails when it was kept before. A busy machine may not answer within a second.
notice() {
    for _ in 1 2 3 4 5; do
        what=
        ! new_token || what=$(ask -f -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$2") || what=
        [ -z "$what" ] || break
    done
    [ -z "$what" ] || [ "$what" != "$(line_of "$notes/$1")" ] || return 1
    { echo "${what:-unreadable}" > "$notes/$1"; } 2>/dev/null || :
}

listen() {
    hear | {
        heard=
        # This must not outlive `run`.
        while read -r code where && kill -0 $$ 2>/dev/null; do
            case "$code ${where##*/} $heard" in
                *' instance-action '*action*) ;;
                '200 instance-action '*)
                    # AWS gives two minutes: programs that need to save their work come first. Why is kept first.
                    heard="$heard action"
                    [ -s "$notes/interruption" ] || { echo unreadable > "$notes/interruption"; } 2>/dev/null || :
                    signal_uses notice &
                    (sleep 60 && signal_uses notice) &
                    ! notice interruption spot/instance-action || say "AWS takes this machine back within two minutes ($what). Fetch your results now."
                    ;;
                *' rebalance '*rebalance*) ;;
                '200 rebalance '*)
                    heard="$heard rebalance"
                    ! notice rebalance events/recommendations/rebalance || say "AWS may soon take this machine back ($what). Save your work and fetch your results."
                    ;;
            esac
        done
    }
}

# still_lives MACHINE: whether MACHINE's timer has nothing to end: here is another machine, or a deadline that was moved just now.
still_lives() {
    [ "$1" = "$me" ] || return 0
    read_boot
    read_uptime
    read_deadline && read_left && [ "$left" -gt $turn ]
}

end() {
    say "${1:-this machine ends now.}"
    # A moment for those who are told.
    tries=5
    while [ $tries -gt 0 ] && kill -0 $! 2>/dev/null; do
        sleep 1
        tries=$((tries - 1))
    done
    sync &
    # Not `systemctl poweroff`: logind refuses that while a program holds a lock on it.
    timeout -k 5 30 systemctl start poweroff.target --job-mode=replace-irreversibly --no-block &
    sleep 60
    # Services that do not stop must not keep a machine running that is paid for.
    timeout -k 5 10 systemctl poweroff -ff &
    sleep 5
    echo o > "$root/proc/sysrq-trigger"
    sleep 5
    exit 1
}

read_me
case ${1:-} in
    arm) arm "${2:-}" "${3:-}" ;;
    holds) holds ;;
    status) status ;;
    run) run ;;
    end) if [ -z "${2:-}" ] || ! still_lives "$2"; then end; fi ;;
    register) register "${2:-}" "${3:-}" "${4:-}" "${5:-}" "${6:-}" "${7:-}" ;;
    forget) forget "${2:-}" "${3:-}" ;;
    *)
        echo 'usage: spottrainer-watchdog arm EPOCH [IDLE] | holds | status | run | end [MACHINE] | register NAME PID WHAT BUSY NOTICE DEADLINE | forget NAME PID' >&2
        exit 2
        ;;
esac
