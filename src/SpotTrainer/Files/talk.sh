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
# Prints the SHA-256 of its input. Openssl is three times as fast where the processor has instructions for that.
hash() {
    if command -v openssl > /dev/null; then
        openssl dgst -sha256 -r
    else
        sha256sum
    fi
}
# Reads so many bytes, and not one more.
take() {
    dd bs=65536 iflag=fullblock,count_bytes count="$1" status=none
}
