#!/bin/sh
# What receive.sh and send.sh have in common: how they answer, what they need, and how they read and hash.
# It stands before them, as one line in single quotes, and so has none, and no exclamation mark.
say() {
    printf "%s\0" "$@"
}
fail() {
    say error "$@"
    exit 1
}
# Ends if a program is missing. GNU find and GNU tar are always needed, and recognized by what only they do.
need() {
    missing=
    for tool in "$@"; do
        command -v "$tool" > /dev/null || missing="$missing $tool"
    done
    find / -maxdepth 0 -printf "" 2>/dev/null || missing="$missing find"
    case $(tar --version 2>/dev/null) in
        *GNU*) ;;
        *) missing="$missing tar" ;;
    esac
    [ -z "$missing" ] || {
        say missing "$missing"
        exit 0
    }
}
# Tells which programs for compression are there.
say_packers() {
    for tool in zstd gzip; do
        command -v "$tool" > /dev/null && say "$tool" "$tool"
    done
}
# What prints the SHA-256 of its input, or of files, with openssl as "HASH *PATH". Openssl is three times as fast as sha256sum where the processor has
# instructions for that. It is two words, and not a function: a shell that only waits for it would cost time with each piece of a file.
hash=sha256sum
command -v openssl > /dev/null && hash="openssl dgst -sha256 -r"
newline=$(printf "\n.")
newline=${newline%.}
# Prints "HASH  PATH" and a null for each path on standard input, which also ends with a null. If $1 is not empty, some have line ends.
hash_files() {
    if [ -n "$1" ] || [ "$hash" = sha256sum ]; then
        xargs -0 -r sha256sum -z
    else
        # shellcheck disable=SC2086
        xargs -0 -r $hash | sed "s/ [*]/  /" | tr "\n" "\0"
    fi
}
# Reads so many bytes, and not one more.
take() {
    dd bs=65536 iflag=fullblock,count_bytes count="$1" status=none
}
