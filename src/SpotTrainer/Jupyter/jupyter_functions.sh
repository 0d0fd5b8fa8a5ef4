#!/bin/sh
# Shell functions about the Jupyter server of the module, before the scripts that start, look at, and stop it. Nothing that they call gets a
# secret as an argument: printf belongs to the shell. The sender prepends the function process_of.

# The token of a configuration file.
token_of() {
    sed -n 's/.*"token": *"\([^"]*\)".*/\1/p' "$1" 2>/dev/null | head -n 1
}

# ask PIN ARGUMENT...: sends a request to a server with this public key, and no other, whatever names its certificate has.
ask() {
    pin=$1
    shift
    curl -ksS --max-time 5 --pinnedpubkey "sha256//$pin" "$@" 2>/dev/null
}

# ask_with TOKEN PIN ARGUMENT...: the same, logged in.
ask_with() {
    token=$1
    shift
    printf 'Authorization: token %s\n' "$token" | ask "$@" -H @-
}

# end_server FOLDER PID: ends the server and its kernels, and waits until it has ended. It gets six seconds to end by itself.
end_server() {
    kill -s TERM -- "-$2" 2>/dev/null || :
    read -r seconds rest < /proc/uptime
    began=${seconds%%.*}
    while process_of "$1/pid" > /dev/null; do
        read -r seconds rest < /proc/uptime
        [ $((${seconds%%.*} - began)) -lt 6 ] || kill -s KILL -- "-$2" 2>/dev/null || :
        sleep 0.1
    done
}

# report FOLDER: what is known of the server, in lines: KEY VALUE.
report() {
    for key in port door version root kind prefix restarts; do
        [ ! -e "$1/$key" ] || printf '%s %s\n' "$key" "$(head -n 1 "$1/$key")"
    done
}
