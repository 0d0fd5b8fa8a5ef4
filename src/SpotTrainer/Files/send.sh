#!/bin/sh
# Sends files: lists a folder, and sends what it is asked for.
#   send.sh MODE FOLDER [check]
# MODE is named to list what a first list on standard input names ("names COUNT", and COUNT bytes), and to follow the links in it; more, for a
# further connection, to list nothing; or send. With check, the hashes of the files are listed, too.
#
# Standard output has words that each end with a null:
#   "at" the folder's own path, "zstd" and "gzip" if they are there, each twice; for each entry "have" "TYPE MODE SIZE TIME", PATH, TARGET (TYPE is U for a file or
#   folder that cannot be read); "hash" "HASH  PATH"; "ready"; and then the answers. Or, instead: "missing" NAMES for programs that the host
#   does not have, "error" KIND PATH.
# Standard input has lines, some with bytes after them:
#   piece OFFSET LENGTH COMPRESSION COUNT, a path of COUNT bytes, which is that of the last piece if COUNT is 0: the answer is "piece"
#   "COMPRESSION COUNT" and so many bytes, which are the piece of the file, or "gone" if the file has become shorter
#   sample COMPRESSION COUNT, a list: the answer is "sample" and the compressed size of the first 8 KiB of all these files together
#   look COUNT, a list: the answer is "now" "TYPE MODE SIZE TIME", PATH, TARGET for each, and "seen"
#   tar COMPRESSION COUNT COUNT NAMES, and two lists: the answer is "tar", and to the end of the output, compressed, an archive with the
#   files of the first list, and "HASH  PATH" for each of the second. NAMES is there if names in it have line ends.
#   end
# Lists have a null after each path. Standard error has "sum" HASH, each with a null, for each piece: the bytes could not be read twice.
# It stands behind talk.sh.
# It is sent as one line in single quotes, and so has none, and no exclamation mark, which means something to csh.
# Talk.sh sets hash and newline.
# shellcheck disable=SC2154
set -f
export LC_ALL=C
mode=$1
folder=$2
check=$3
need tar xargs dd sed tr sha256sum
[ -e "$folder" ] || fail missing "$folder"
[ -d "$folder" ] || fail file "$folder"
{ cd -P -- "$folder" 2>/dev/null && [ -r . ]; } || fail denied "$folder"
list() {
    set -- -mindepth 1 -type d -not "(" -readable -executable ")" -printf "have\0U %m %s %T@\0%p\0\0" -prune
    set -- "$@" -o -type f -not -readable -printf "have\0U %m %s %T@\0%p\0\0"
    find . "$@" -o -printf "have\0%y %m %s %T@\0%p\0%l\0"
    [ -z "$check" ] || find . -type f -readable -print0 | hash_files "$(find . -name "*$newline*" -print -quit)" |
        sed -z "s/^/hash\x00/"
}
follow=
if [ "$mode" = more ]; then
    say ready
else
    say at "$PWD"
    say_packers
    if [ "$mode" = named ]; then
        follow=-h
        read -r word count
        have="-type f -not -readable -printf \"have\\0U %m %s %T@\\0%p\\0\\0\" -o -printf \"have\\0%y %m %s %T@\\0%p\\0\\0\""
        sums=:
        [ -z "$check" ] || sums="sha256sum -z -- \"\$@\" 2>/dev/null | sed -z \"s/^/hash\\x00/\""
        take "$count" | xargs -0 -r sh -c "find -H \"\$@\" -maxdepth 0 $have; $sums" sh
    else
        list
    fi
    say ready
fi
pack() {
    case $1 in
        zstd) zstd -c -q -1 ;;
        gzip) gzip -c -1 ;;
        *) cat ;;
    esac
}
part() {
    exec dd if="./$path" bs=65536 iflag=skip_bytes,count_bytes skip="$one" count="$two"
}
# Prints a piece in its full length, whatever becomes of the file: the next answer would be taken for the rest of it. Then its sum is wrong.
full() {
    # Of what was ended by a signal, nobody knows how much it has printed.
    { said=$(part 2>&1 >&4); } 4>&1 || [ $? -lt 128 ] || kill $$
    # The last line is "16777216 bytes (17 MB, 16 MiB) copied, 0.01 s, 1.7 GB/s", unless the file is gone.
    said=${said##*"$newline"}
    count=0
    case $said in
        [0-9]*" byte"*" copied, "*) count=${said%% *} ;;
    esac
    [ "$count" = "$two" ] || head -c "$((two - count))" /dev/zero
}
packed=
trap "[ -z \"\$packed\" ] || rm -f -- \"\$packed\"" EXIT
trap "exit 1" HUP INT TERM
while read -r word one two three four; do
    case $word in
        piece) [ "$four" = 0 ] || {
                path=$(take "$four" && printf .)
                path=${path%.}
                size=$(find -H "./$path" -maxdepth 0 -printf "%s")
            }
            [ "${size:-0}" -ge "$((one + two))" ] || {
                say gone ""
                continue
            }
            {
                # The program and its options.
                # shellcheck disable=SC2086
                sum=$(part 2>/dev/null | exec $hash)
                say sum "${sum%% *}" >&2
            } &
            # How long it will be is known when it is compressed. A full disk has no room for that.
            how=none
            [ "$three" = none ] || { packed=${packed:-$(mktemp)} && full | pack "$three" > "$packed" && how=$three; }
            if [ "$how" = none ]; then
                say piece "none $two"
                full
            else
                say piece "$how $(find "$packed" -printf "%s")"
                cat "$packed" || exit 1
            fi
            # Nothing else stands between a piece and its sum.
            wait $! || say sum "" >&2
            ;;
        sample) size=$(take "$two" | xargs -0 -r head -q -c 8192 -- | pack "$one" | wc -c)
            say sample "$size"
            ;;
        look) take "$one" | xargs -0 -r sh -c "find -H \"\$@\" -maxdepth 0 -printf \"now\\0%y %m %s %T@\\0%p\\0%l\\0\"" sh
            say seen ""
            ;;
        *) break ;;
    esac
done
[ "$word" = tar ] || exit 0
archive() {
    # One word or none.
    # shellcheck disable=SC2086
    take "$two" | tar -c $follow -b 128 -f - --format=gnu --hard-dereference --no-recursion --null -T -
    take "$three" | hash_files "$four"
}
say tar ""
if [ "$one" = none ]; then
    archive
else
    archive | pack "$one"
fi
