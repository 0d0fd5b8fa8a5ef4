#!/bin/sh
# Gives an instance a host key of its own, in place of the one that the client created for the first connection.
#
#   make FIRST   creates the key, unless it already exists or is already served, and prints its fingerprint. FIRST is the
#                fingerprint of the client's key: an instance that serves a different key has already switched.
#   serve        serves the new key from now on, and deletes the client's key
set -eu

key=/etc/ssh/ssh_host_ed25519_key

fingerprint() {
    ssh-keygen -l -f "$1" | cut -d ' ' -f 2
}

make() {
    if [ "$(fingerprint "$key")" = "$1" ] && [ ! -s "$key.own" ]; then
        ssh-keygen -q -t ed25519 -N '' -C "$(uname -n)" -f "$key.$$"
        # If two sessions do this at the same time, the first key wins: ln does not replace a file.
        if ln "$key.$$" "$key.own" 2> /dev/null; then mv -f "$key.$$.pub" "$key.own.pub"; fi
        rm -f "$key.$$" "$key.$$.pub"
    fi
    if [ -s "$key.own" ]; then fingerprint "$key.own"; else fingerprint "$key"; fi
}

# A server that listens presents the client's key, which is still accepted, until it has read the new one. One that systemd starts for each
# connection (ssh.socket) reads the new one at the next: there is no service to reload. The client finds out which key is served.
serve() {
    if [ -s "$key.own" ]; then
        mv -f "$key.own.pub" "$key.pub"
        mv -f "$key.own" "$key"
    fi
    systemctl reload ssh.service 2> /dev/null || systemctl reload sshd.service 2> /dev/null || :
}

case ${1:-} in
    make) make "$2" ;;
    serve) serve ;;
    *)
        echo 'usage: own_hostkey.sh make FIRST | serve' >&2
        exit 2
        ;;
esac
