#!/bin/sh
# Fetches a file from an https:// address into a folder, with curl. The address comes by standard input and is kept in a variable, so
# neither the list of processes nor the disk ever has it.
#
#   fetch_uri.sh ask DESTINATION KEY SHA256 NAME RANGE
#       asks for the start of the file, and writes the header and that start to standard output
#   fetch_uri.sh get DESTINATION KEY SHA256 NAME SIZE FIELD VALUE PAGE STALL
#       downloads the file, or the rest of it, and writes a line with its size each second
#
# KEY names the folder of an unfinished download. SHA256 and SIZE may be empty. FIELD and VALUE are the header that tells one version of the
# file from the next (ETag or Last-Modified); with both empty, no download is continued unless SHA256 will judge it. PAGE is not empty if an
# HTML page is wanted. STALL is the time in seconds after which a download that receives nothing ends. The first line of standard input
# is the line of the configuration of curl with the condition under which a download continues; the others are the configuration.
# The last line of standard error is what came of it, a word first.
# It is sent as one line in single quotes, and so has none.
set -fu
export LC_ALL=C
mode=$1
destination=$2
sum=$4
name=$5
case $destination in \~) destination=$HOME ;; \~/*) destination=$HOME/${destination#??} ;; esac
folder=$destination/.spottrainer-incoming/uri-$3
# Of a call that got nothing, nothing is left.
tidy() { rmdir "$folder" 2> /dev/null && rmdir "${folder%/*}" 2> /dev/null; }
tell() {
    tidy
    printf "%s\n" "$*" >&2
    exit 0
}
sum_of() { sha256sum < "$1" | cut -d " " -f 1; }
size_of() { wc -c < "$1"; }
record() { sed -n "$1p" "$folder/done" 2> /dev/null; }
ask_curl() {
    curl -q --silent --globoff --location --max-redirs 10 --proto "=https" --proto-redir "=https" --connect-timeout 30 "$@" --config -
}
command -v curl > /dev/null || tell no-curl
read -r condition
config=$(cat)
if mkdir -p "$folder" 2> /dev/null && [ -w "$folder" ]; then :; else
    at=$folder
    until [ -e "$at" ] || [ "$at" = "${at%/*}" ]; do at=${at%/*}; done
    if [ -d "$at" ]; then tell denied "$at"; else tell is-file "$at"; fi
fi
chmod 700 "$folder" 2> /dev/null

if [ "$mode" = ask ]; then
    # A file with the right content needs no server. The address may have ended by now.
    [ -n "$name" ] || name=$(record 1)
    if [ -n "$sum" ] && [ -n "$name" ] && [ -f "$destination/$name" ] && [ "$(sum_of "$destination/$name")" = "$sum" ]; then
        tell there "$(size_of "$destination/$name")" "$name"
    fi
    {
        printf "%s\n" "$config" | ask_curl --suppress-connect-headers --include --max-time 60 ${6:+--range "$6"}
        printf "curl %s\n" "$?" >&2
    } | head -c 65536
    tidy
    exit 0
fi

size=$6
field=$7
value=$8
page=$9
stall=${10}
file=$destination/$name
part=$folder/part
version="$field $value $size"
stamp() { stat -L -c "%s %Y" "$file" 2> /dev/null; }
[ -d "$file" ] && tell is-folder "$file"
exec 9> "$folder/lock"
if command -v flock > /dev/null; then flock -n 9 || tell busy; fi
if [ -f "$file" ] && [ -n "$sum" ]; then
    echo checking
    [ "$(sum_of "$file")" = "$sum" ] && tell there "$(size_of "$file")"
elif [ -f "$file" ] && [ -n "$value" ]; then
    [ "$(record 1)|$(record 2)|$(record 3)" = "$name|$version|$(stamp)" ] && tell there "$(size_of "$file")"
fi

# Only the rest of the very same file can continue what is there.
if [ -n "$size" ] && [ -n "$value$sum" ] && [ "$(cat "$folder/version" 2> /dev/null)" = "$version" ]; then :; else rm -f "$part"; fi
printf "%s\n" "$version" > "$folder/version"
have=0
[ -f "$part" ] && have=$(size_of "$part")
if [ -n "$size" ] && [ "$have" -gt "$size" ]; then
    rm -f "$part"
    have=0
fi
free=$(df -P -k "$folder" | { read -r _; read -r _ _ _ free _; printf "%s" "$free"; })
if [ -n "$size" ] && [ $((size - have)) -gt $((free * 1024)) ]; then tell no-space $((size - have)) $((free * 1024)); fi

line_end=$(printf "\n.")
line_end=${line_end%.}
header() { printf "%s\n" "$said" | grep -i "^$1:" | tail -n 1 | sed "s/^[^:]*: *//"; }
get() {
    { while sleep 1 3>&-; do wc -c < "$part" >&3; done; } 3>&1 > /dev/null 2>&1 9>&- < /dev/null &
    watch=$!
    said=$(printf "%s\n%s\n" "$config" "$1" | ask_curl -f --speed-limit 1 --speed-time "$stall" --dump-header - --continue-at - -o "$part")
    code=$?
    kill "$watch"
    wait "$watch" 2> /dev/null
    # What is said before the last answer is about other addresses.
    said=$(printf "%s\n" "$said" | tr -d "\r")
    said=${said##*"$line_end"HTTP/}
}
code=0
said=
: >> "$part"
if [ -z "$size" ] || [ "$have" -lt "$size" ]; then
    if [ "$have" -gt 0 ]; then
        get "$condition"
        now=
        [ -z "$field" ] || now=$(header "$field")
        # 33: the server sent the whole file.
        if [ "$code" = 33 ] || [ "${now:-$value}" = "$value" ]; then :; else code=33; fi
        if [ "$code" = 33 ]; then
            : > "$part"
            get ""
        fi
    else
        get ""
    fi
    case $(header content-type) in
        text/html*) [ -n "$page" ] || [ "$code" = 22 ] || { rm -f "$part"; tell page; } ;;
    esac
fi
# Nobody knows how much an endless file would have been.
[ "$code" = 0 ] || [ -n "$size" ] || rm -f "$part"
have=0
[ -f "$part" ] && have=$(size_of "$part")
[ "$code" = 0 ] || tell curl "$code" "$have"
if [ -n "$size" ] && [ "$have" -gt "$size" ]; then rm -f "$part"; fi
[ -z "$size" ] || [ "$have" = "$size" ] || tell changed "$have"
if [ -n "$sum" ]; then
    echo checking
    found=$(sum_of "$part")
    if [ "$found" = "$sum" ]; then :; else
        rm -f "$part"
        tell sum "$found"
    fi
fi
[ -d "$file" ] && tell is-folder "$file"
mv -f "$part" "$file" 2> /dev/null || tell denied "$file"
printf "%s\n%s\n%s\n" "$name" "$version" "$(stamp)" > "$folder/done"
( cd -P -- "$destination" && printf "%s\0" "$name" | note_sent )
rm -f "$folder/version"
tell got "$have"
