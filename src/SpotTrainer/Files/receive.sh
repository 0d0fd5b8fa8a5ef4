#!/bin/sh
# Receives files: lists the destination, takes what is sent to its standard input, checks it, and only then gives it its names.
#   receive.sh MODE DESTINATION ID RECORD NAME...
# MODE is list (only lists, makes nothing), compare (as list, with the hashes of what is there), send, check (as send, with those hashes), or
# more (a further connection that takes pieces for the same ID). What ID has sent before, and was not finished, is in DESTINATION/.spottrainer-incoming/ID. RECORD
# is sent for the record of what was sent, and none otherwise. NAMES limit the list to entries of DESTINATION. It stands behind talk.sh and
# note_sent.sh.
#
# Standard output has words that each end with a null:
#   "at" the destination's own path, "free" BYTES, "wide" 1 if it is the home folder, or above it, or the module's own, "zstd" and "gzip" if
#   they are there, each twice; with RECORD, "data" the path of the data folder, "sent" and each record of what was sent (job_files.sh), and
#   "busy" ID for each job that runs; for each entry there ("have"), or kept from before ("kept"): "TYPE MODE SIZE TIME", PATH, TARGET;
#   "hash" "HASH  PATH"; for each piece from before "piece" "KEY OFFSET LENGTH HASH"; "ready"; then "piece" for each that has arrived, and
#   "torn" "KEY OFFSET LENGTH HASH" for one that has another hash; "bad" PATH for what did not arrive whole, "blocked" PATH for what
#   something else is in the way of, and "done". Or, instead: "missing" NAMES for programs that the host does not have, "error" KIND PATH.
# Standard input has lines, some with bytes after them:
#   piece KEY SIZE OFFSET LENGTH COMPRESSION COUNT, COUNT bytes, HASH: a part of a large file, compressed on its own
#   drop LENGTH, the bytes: paths of what was kept from before and is not wanted any more
#   mirror LENGTH, the bytes: paths of what is to be deleted, what is in a folder before the folder, which ends with a slash
#   end: there is nothing more to do
#   tar COMPRESSION NAMES, and an archive to the end of the input. NAMES is there if names of files have line ends. It has files/, the new
#   entries; large, KEY, TIME, MODE, and PATH for each file that came in pieces; sums, "HASH  ./PATH" for all others, in the order of the
#   bytes; modes, "MODE" and a path; folders, an archive with the times and modes of folders, and names, their paths; and end, with the
#   sizes of these five lists. Lists have a null after each item.
# It is sent as one line in single quotes, and so has none, and no exclamation mark, which means something to csh.
# Talk.sh sets hash and newline.
# shellcheck disable=SC2154
set -f
export LC_ALL=C
mode=$1
dest=$2
id=$3
record=$4
shift 4
sums=
case $mode in
    check) sums=1 ;;
    compare) sums=1 && mode=list ;;
esac
area=.spottrainer-incoming
need tar xargs dd sort comm cut sed tr flock truncate sha256sum
# Enters the destination, or says what stands in the way. To list one that is not there, it enters the folder that it would be in.
[ "$mode" = list ] || [ -d "$dest" ] || mkdir -p -- "$dest" 2>/dev/null
at=$dest
until [ -e "$at" ] || [ -L "$at" ]; do
    case $at in
        */*) at=${at%/*} && at=${at:-/} ;;
        *) at=. ;;
    esac
done
[ -d "$at" ] || fail file "$at"
[ "$at" = "$dest" ] || [ "$mode" = list ] || fail denied "$at"
{ cd -P -- "$at" 2>/dev/null && [ -w . ]; } || fail denied "$at"
# Whoever deletes what is not in the source must not be in the home folder by mistake, nor above it, nor where the module has its own files.
home=$(cd -P && pwd)
own=$(cd -P -- "$HOME/spottrainer" 2>/dev/null && pwd)
wide=0
case $PWD/ in
    "${own:-/dev/null}"/data/*) ;;
    "${own:-/dev/null}"/*) wide=1 ;;
esac
case $home/ in
    "${PWD%/}"/*) wide=1 ;;
esac
# Says what earlier transfers have brought, and which jobs run: their processes are noted with the boot and the time of their start
# (proc(5)).
say_record() {
    say data "$(cd -P -- "$HOME/spottrainer/data" 2>/dev/null && pwd)"
    [ -f "$HOME/spottrainer/control/sent" ] && xargs -0 -r printf "sent\0%s\0" < "$HOME/spottrainer/control/sent"
    read -r now < /proc/sys/kernel/random/boot_id
    set +f
    for each in "$HOME"/spottrainer/control/*/pid; do
        { read -r pid boot start < "$each" && read -r stat < "/proc/$pid/stat"; } 2>/dev/null || continue
        # These are words on purpose.
        # shellcheck disable=SC2086
        set -- ${stat##*) }
        [ "$boot ${20}" = "$now $start" ] && each=${each%/pid} && say busy "${each##*/}"
    done
    set -f
}
incoming=$area/$id
kept=
if [ "$mode" = send ] || [ "$mode" = check ]; then
    # What was interrupted long ago, and is not at work now.
    [ -d "$area" ] && find "./$area" -mindepth 1 -maxdepth 1 -not -name "uri-*" -mmin +10080 -exec flock -n {}/lock rm -rf {} \; 2>/dev/null
    # A transfer of the same files that was cut off can still be ending. If its sshd hangs, its watch needs half a minute (prelude.sh).
    holder=
    until [ "$holder" = "$$" ]; do
        [ -d "$incoming" ] && kept=1
        mkdir -p "$incoming/files" "$incoming/parts" 2>/dev/null || fail file "$PWD/$area"
        exec 9>> "$incoming/lock"
        if flock -w 60 9; then
            # The transfer before this one may have deleted the lock meanwhile.
            printf "%s\n" "$$" >&9
            while read -r each; do
                holder=$each
            done < "$incoming/lock"
            # What it wanted besides is over. Above all, nothing is deleted because another transfer was to delete it.
            for each in mirror sums large modes names folders end; do
                [ -e "$incoming/$each" ] && rm -f "$incoming/$each"
            done
        else
            id=$id-$$
            incoming=$area/$id
        fi
    done
fi
if [ "$mode" = more ]; then
    say ready
else
    free=$(stat -f -c "%a * %S" .)
    say at "$PWD" free "$((${free:-0}))" wide "$wide"
    say_packers
    [ "$record" = sent ] && say_record
    [ $# -gt 0 ] || set -- .
    if [ "$at" = "$dest" ]; then
        find "$@" -path . -o -path "./$area" -prune -o -printf "have\0%y %m %s %T@\0%p\0%l\0" 2>/dev/null
        [ -n "$sums" ] && find "$@" -path "./$area" -prune -o -type f -print0 2>/dev/null |
            hash_files "$(find "$@" -name "*$newline*" -print -quit 2>/dev/null)" | sed -z "s/^/hash\x00/"
    fi
    [ -n "$kept" ] && {
        ( cd "$incoming/files" && find . -mindepth 1 -printf "kept\0%y %m %s %T@\0%p\0%l\0" )
        find "$incoming/parts" -mindepth 2 -name "*-*-*" -printf "piece\0%P\0"
    }
    say ready
    [ "$mode" = list ] && exit 0
fi
# Checks a piece as it stands on the disk, and notes that it is there.
check() {
    # The program and its options.
    # shellcheck disable=SC2086
    sum=$(dd if="$incoming/parts/$1/data" bs=65536 iflag=skip_bytes,count_bytes skip="$2" count="$3" status=none | exec $hash)
    if [ "${sum%% *}" = "$4" ]; then
        : > "$incoming/parts/$1/$2-$3-$4"
        say piece "$1/$2-$3-$4"
    else
        say torn "$1/$2-$3-$4"
    fi
}
# Unpacks what is compressed.
unpack() {
    case $1 in
        zstd) zstd -dc -q ;;
        gzip) gzip -dc ;;
    esac
}
place() {
    dd bs=65536 iflag=fullblock,count_bytes oflag=seek_bytes conv=notrunc,sparse status=none of="$part/data" seek="$three" count="$four"
}
part=
while read -r word one two three four how count; do
    case $word in
        piece) [ "$part" = "$incoming/parts/$one" ] || {
                part=$incoming/parts/$one
                mkdir -p "$part"
                truncate -s "$two" "$part/data" || fail write "$PWD"
            }
            if [ "$how" = none ]; then
                place
            else
                take "$count" | unpack "$how" | place
            fi || fail write "$PWD"
            read -r sum || exit 1
            wait
            # Whichever of these two processes is killed, the other one tells.
            { ( check "$one" "$three" "$four" "$sum" ) || say torn "$one/$three-$four-$sum"; } &
            ;;
        drop) take "$one" | ( cd "$incoming" && xargs -0 -r rm -rf -- ) ;;
        mirror) take "$one" > "$incoming/mirror" || fail write "$PWD" ;;
        *) break ;;
    esac
done
wait
case $mode-$word in
    more-end) exit 0 ;;
    *-tar | *-end) ;;
    more-*) exit 1 ;;
    # Of a call that was refused, nothing is left.
    *) rmdir "$incoming/files" "$incoming/parts" 2>/dev/null && rm -rf -- "$incoming" && rmdir "$area" 2>/dev/null
        exit 1
        ;;
esac
if [ "$word" = tar ]; then
    if [ "$one" = none ]; then
        tar -x -p -f - -b 128 -C "$incoming" --no-same-owner
    else
        unpack "$one" | tar -x -p -f - -b 128 -C "$incoming" --no-same-owner
    fi
    # The end comes last. Without it, the sender has stopped. It has the sizes of the lists, which a full disk can have cut off.
    lists=$(cd "$incoming" && stat --printf "%s " sums large modes names folders 2>/dev/null)
    { IFS= read -r end < "$incoming/end" && [ "$lists" = "$end" ]; } 2>/dev/null || fail write "$PWD"
    ( cd "$incoming/files" && find . -type f -print0 | hash_files "$two" | sort -z ) > "$incoming/actual" || fail write "$PWD"
    cmp -s "$incoming/sums" "$incoming/actual" || {
        comm -z -23 "$incoming/sums" "$incoming/actual" | cut -z -c 67- | sed -z "s/^/bad\x00/"
        comm -z -13 "$incoming/sums" "$incoming/actual" | cut -z -c 67- | ( cd "$incoming/files" && xargs -0 -r rm -f -- )
    }
    # A file has its name when it has everything else. Its folder can be one that is there already.
    name="part=parts/\$0/data; to=files/\$3; touch -d \"@\$1\" \$part && chmod \"\$2\" \$part && mkdir -p -- \"\${to%/*}\""
    name="{ $name && mv -f \$part \"\$to\"; } || printf \"bad\\0%s\\0\" \"\$3\""
    [ -s "$incoming/large" ] && ( cd "$incoming" && xargs -0 -n 4 sh -c "$name" ) < "$incoming/large"
fi
# Only what was named: meanwhile, somebody may have put something else into a folder.
if [ -s "$incoming/mirror" ] && [ "$wide" = 0 ]; then
    sed -z "/\/$/d" "$incoming/mirror" | xargs -0 -r rm -f --
    sed -nz "/\/$/p" "$incoming/mirror" | xargs -0 -r rmdir --
fi
# Puts what is in one folder of the new files into the same folder of the destination. A new folder takes one step with all that is in it.
settle() {
    find "$incoming/files/$1" -mindepth 1 -maxdepth 1 -not -type d -print0 | xargs -0 -r mv -f -t "./$1" --
    for new in "$incoming/files/$1"/*/ "$incoming/files/$1"/.*/; do
        new=${new%/}
        name=${new##*/}
        if [ -L "$new" ] || [ "$name" = . ] || [ "$name" = .. ]; then
            continue
        fi
        if [ -e "./$1/$name" ] || [ -L "./$1/$name" ]; then
            [ -d "$new" ] && ( settle "$1/$name" )
        elif [ -d "$new" ]; then
            printf "%s\0" "$new"
        fi
    done | xargs -0 -r mv -t "./$1" --
}
if [ "$word" = tar ]; then
    set +f
    ( cd "$incoming/files" && find . -mindepth 1 "(" -type d -printf "%P/\0" -o -printf "%P\0" ")" ) > "$incoming/moved"
    settle .
    find "$incoming/files" -mindepth 1 -not -type d -printf "blocked\0%P\0"
    [ -s "$incoming/modes" ] && xargs -0 -n 2 chmod -- < "$incoming/modes"
    # Only folders that are there: where something else is, tar would delete it.
    if [ -s "$incoming/names" ]; then
        look="for each do [ -L \"./\$each\" ] || { [ -d \"./\$each\" ] && printf \"%s\\0\" \"\$each\"; }; done"
        xargs -0 sh -c "$look" sh < "$incoming/names" > "$incoming/there"
        tar -x -p -f "$incoming/folders" --no-same-owner --no-recursion --null -T "$incoming/there"
    fi
    note_sent < "$incoming/moved"
fi
rm -rf -- "$incoming"
rmdir "$area" 2>/dev/null
say "done"
